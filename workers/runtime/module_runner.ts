import { CELL_EXIT, type InitMessage } from "../protocol/mod.ts";
import type { Log, ModuleDefinition, ModuleEvent } from "../sdk/types.ts";
import type { Channel, ChannelHandlers } from "./channel.ts";
import { answerInvocation } from "./invocations.ts";
import { createLog, installConsole } from "./log.ts";
import { definitionOf, startDefinition } from "./definition.ts";
import { createNode } from "./node_object.ts";
import { Registrations } from "./registrations.ts";

interface Parts {
  readonly channel: Channel;
  readonly shared: SharedArrayBuffer;
  readonly inspect: (value: unknown, options?: Deno.InspectOptions) => string;
  readonly exit: (code: number) => void;
}

/** Loads the module, starts it, serves what the node asks, stops it. One per cell. */
export class ModuleRunner implements ChannelHandlers {
  readonly #parts: Parts;
  readonly #running: Int32Array;
  readonly #measured: Float64Array;
  readonly #log: Log;
  readonly #registrations: Registrations;
  readonly #stop = new AbortController();
  #definition: ModuleDefinition | undefined;
  #name = "";
  #failed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#running = new Int32Array(parts.shared, 0, 2);
    this.#measured = new Float64Array(parts.shared, 16, 2);
    this.#log = createLog(parts.channel);
    installConsole(this.#log, parts.inspect);
    this.#registrations = new Registrations(parts.channel, this.#log);
    globalThis.addEventListener("error", (event) => {
      event.preventDefault();
      this.#fail(event.error);
    });
    globalThis.addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      this.#fail(event.reason);
    });
  }

  onInit(init: unknown): void {
    // The node is trusted: what it sends as init is an init.
    this.#start(init as InitMessage).catch((error) => this.#fail(error));
  }

  onEvent(event: unknown): void {
    this.#registrations.dispatchEvent(event as ModuleEvent);
  }

  onInvoke(id: number, invocation: unknown): void {
    answerInvocation({ id, invocation, registrations: this.#registrations, channel: this.#parts.channel });
  }

  onPing(count: number): void {
    const [rss = 0, cpu = 0] = this.#measured;
    this.#parts.channel.send(`["p",${count},${Math.round(rss)},${Math.round(cpu)}]`);
  }

  onStop(): void {
    this.#stop.abort(new DOMException("The module is asked to stop", "AbortError"));
    this.#shutDown().catch((error) => this.#fail(error));
  }

  async #start(init: InitMessage): Promise<void> {
    const { channel } = this.#parts;
    this.#name = init.name;
    channel.maxFrameBytes = init.maxFrameBytes;
    const node = createNode({
      init,
      calls: channel,
      registrations: this.#registrations,
      log: this.#log,
      signal: this.#stop.signal,
    });
    const source = new TextEncoder().encode(init.source).toBase64();
    // A `data:` URL because blob modules do not load in compiled binaries (denoland/deno#29962).
    const exports: { default?: unknown } = await import(`data:text/javascript;base64,${source}`);
    this.#definition = definitionOf(exports.default);
    await startDefinition(this.#definition, { node, calls: channel, registrations: this.#registrations });
    Atomics.store(this.#running, 1, 1);
    channel.send('["s"]');
  }

  async #shutDown(): Promise<void> {
    try {
      await this.#definition?.stop?.();
    } catch (error) {
      this.#log.error("stop() threw", { error: error instanceof Error ? error.message : String(error) });
    }
    this.#parts.channel.send('["d"]');
    await this.#parts.channel.drained();
    this.#parts.exit(CELL_EXIT.stopped);
  }

  /** Says why, and ends the cell. */
  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    const { channel, exit } = this.#parts;
    channel.send(`["f",${JSON.stringify(this.#messageOf(error))},${JSON.stringify(this.#stackOf(error))}]`);
    channel.drained().finally(() => exit(CELL_EXIT.crashed));
  }

  #messageOf(error: unknown): string {
    try {
      const text = error instanceof Error
        ? `${error.name}: ${error.message}`
        : this.#parts.inspect(error, { depth: 1 });
      return this.#shorten(text).slice(0, 2_000);
    } catch {
      return "an error that cannot be shown as text"; // a hostile getter or toString
    }
  }

  #stackOf(error: unknown): string {
    try {
      return error instanceof Error ? this.#shorten(String(error.stack ?? "")).slice(0, 8_000) : "";
    } catch {
      return ""; // a hostile getter
    }
  }

  /** Puts the module's name where the long `data:` URL stands, and leaves out frames that are not the module's. */
  #shorten(text: string): string {
    return text.replaceAll(/data:text\/javascript[^\s):]*/g, `${this.#name || "module"}.js`)
      .replaceAll(/\n\s+at [^\n]*(?:file:\/\/|ext:)[^\n]*/g, "");
  }
}
