import { type Clock, CommonsError, errorText, type ModuleName, TokenBucket } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { AuditTrail } from "./audit.ts";
import type { CellLimits } from "./cell_types.ts";
import type { EventFeed } from "./event_feed.ts";
import { toModuleError } from "./node_api_errors.ts";
import type { ModuleFolder } from "./module_folder.ts";
import type { Caller, ModuleNamespace, NodeMethod, NodeMethodTable } from "./node_api_types.ts";

/** A method as one session sees it: what may be decided beforehand is. */
interface Slot extends NodeMethod {
  readonly name: string;
  readonly granted: boolean;
}

/** Name of calls of what does not exist, so that no text of a module gets into the audit trail. */
const UNKNOWN = "(unknown)";
/** Least burst of calls, so that a low rate still lets a module register what it has. */
const LEAST_BURST = 100;

export interface SessionComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly audit: AuditTrail;
  readonly feed: EventFeed;
  readonly storage: ModuleNamespace;
  readonly folder?: ModuleFolder | undefined;
}

export interface SessionInit {
  readonly name: ModuleName;
  readonly table: NodeMethodTable;
  /** Granted capabilities. */
  readonly granted: ReadonlySet<string>;
  readonly rpcOverrides: readonly string[];
  readonly limits: Pick<CellLimits, "requestsPerSecond" | "maxInFlight">;
}

/**
 * One cell's calls into the node, from its start to its end. Every call, refused or not, passes here: known method, rate,
 * grant, calls in flight, parameters, audit. A refusal is an error answer, never the end of the cell.
 */
export class NodeApiSession implements Disposable {
  readonly #slots: Map<string, Slot>;
  readonly #bucket: TokenBucket;
  readonly #audit: AuditTrail;
  readonly #logger: Logger;
  readonly #caller: Caller;
  readonly #maxInFlight: number;
  #inFlight = 0;
  #open = true;

  constructor(components: SessionComponents, init: SessionInit) {
    const { clock, logger, audit, feed, storage, folder } = components;
    const { requestsPerSecond, maxInFlight } = init.limits;
    this.#slots = slotsOf(init.table, init.granted);
    this.#bucket = new TokenBucket({
      clock,
      perSecond: requestsPerSecond,
      burst: Math.max(LEAST_BURST, requestsPerSecond),
    });
    this.#audit = audit;
    this.#logger = logger;
    this.#maxInFlight = maxInFlight;
    const { name, rpcOverrides } = init;
    this.#caller = { name, feed, storage, rpcOverrides, ...(folder === undefined ? {} : { folder }) };
  }

  /** Calls that wait for their answer now. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Answers a call: at once where the method can, else by a promise.
   * @throws {CommonsError} one of the codes that modules know; so does the promise reject
   */
  call(method: string, params: readonly unknown[]): unknown {
    const slot = this.#slots.get(method);
    const name = slot === undefined ? UNKNOWN : slot.name;
    if (!this.#bucket.take()) {
      this.#audit.limited(name);
      throw new CommonsError("RATE_LIMITED", `Cannot call ${name}: too many calls a second`);
    }
    if (slot === undefined) {
      this.#audit.failed(name);
      throw new CommonsError("NOT_FOUND", "Cannot call the node: there is no such method");
    }
    if (!slot.granted) throw this.#denied(slot);
    if (slot.unavailable !== undefined || !this.#open) throw this.#unavailable(slot);
    if (this.#inFlight >= this.#maxInFlight) {
      this.#audit.limited(name);
      throw new CommonsError("RATE_LIMITED", `Cannot call ${name}: too many calls wait for their answer`);
    }
    return this.#run(slot, params);
  }

  /** Ends the session: subscriptions go, later calls are refused. Idempotent. */
  [Symbol.dispose](): void {
    this.#open = false;
    this.#caller.feed[Symbol.dispose]();
  }

  #run(slot: Slot, params: readonly unknown[]): unknown {
    let result: unknown;
    try {
      result = slot.run(this.#caller, params);
    } catch (error) {
      throw this.#failed(slot, error);
    }
    if (result instanceof Promise) return this.#settle(slot, result);
    this.#audit.ok(slot.name);
    return result;
  }

  async #settle(slot: Slot, result: Promise<unknown>): Promise<unknown> {
    this.#inFlight++;
    try {
      const value = await result;
      this.#audit.ok(slot.name);
      return value;
    } catch (error) {
      throw this.#failed(slot, error);
    } finally {
      this.#inFlight--;
    }
  }

  #denied(slot: Slot): CommonsError {
    this.#audit.denied(slot.name);
    return new CommonsError("PERMISSION_DENIED", `Cannot call ${slot.name}: it needs ${slot.capability}`);
  }

  #unavailable(slot: Slot): CommonsError {
    this.#audit.failed(slot.name);
    return new CommonsError(
      "UNAVAILABLE",
      `Cannot call ${slot.name}: ${slot.unavailable ?? "the module is being stopped"}`,
    );
  }

  #failed(slot: Slot, cause: unknown): CommonsError {
    const { error, hidden } = toModuleError(slot.name, cause);
    if (error.code === "PERMISSION_DENIED") this.#audit.denied(slot.name);
    else this.#audit.failed(slot.name);
    if (hidden) {
      this.#logger.error("a call of a module failed in the node", {
        module: this.#caller.name,
        method: slot.name,
        error: errorText(cause),
      });
    }
    return error;
  }
}

function slotsOf(table: NodeMethodTable, granted: ReadonlySet<string>): Map<string, Slot> {
  return new Map(
    Object.entries(table).map(([name, method]) => [name, {
      ...method,
      name,
      granted: method.capability === null || granted.has(method.capability),
    }]),
  );
}
