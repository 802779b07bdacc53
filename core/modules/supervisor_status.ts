import { CommonsError, type ModuleName } from "../base/mod.ts";
import type { EventBus } from "../events/mod.ts";
import type { CellExit, CellInit } from "./cell_types.ts";
import type { StrainWarning } from "./supervisor_strain.ts";
import { type LifecycleInput, nextState } from "./lifecycle.ts";
import type { ModuleState, ModuleView } from "./types.ts";

export type Health = ModuleView["health"];
export type Reason = NonNullable<ModuleView["reason"]>;

type RunName = Pick<CellInit, "instanceId" | "version">;

/** State, reason and health of one module; every change is an event. */
export class ModuleStatus {
  readonly #name: ModuleName;
  readonly #events: EventBus;
  #state: ModuleState = "discovered";
  /** What is known of the module itself. */
  #reported: Health = "unknown";
  /** It is near its limits. */
  #strained = false;
  #health: Health = "unknown";
  /** Why the module is where it is; absent when there is nothing to say. */
  reason: Reason | undefined;

  constructor(name: ModuleName, events: EventBus) {
    this.#name = name;
    this.#events = events;
  }

  get state(): ModuleState {
    return this.#state;
  }

  get health(): Health {
    return this.#health;
  }

  can(input: LifecycleInput): boolean {
    return nextState(this.#state, input) !== undefined;
  }

  /** @throws {CommonsError} `INTERNAL` for what the table does not have: a fault of the node */
  move(input: LifecycleInput): void {
    const next = nextState(this.#state, input);
    if (next === undefined) {
      throw new CommonsError(
        "INTERNAL",
        `Cannot move module ${this.#name}: no ${input} in state ${this.#state}`,
      );
    }
    if (next === this.#state) return;
    const old = this.#state;
    this.#state = next;
    this.#events.publish("ModuleStateChanged", {
      module_name: this.#name,
      old_state: old,
      new_state: next,
    });
  }

  setHealth(health: Health): void {
    this.#reported = health;
    this.#updateHealth();
  }

  /** A healthy module near its limits counts as degraded. */
  setStrained(strained: boolean): void {
    this.#strained = strained;
    this.#updateHealth();
  }

  #updateHealth(): void {
    const health = this.#strained && this.#reported === "healthy" ? "degraded" : this.#reported;
    if (health === this.#health) return;
    const old = this.#health;
    this.#health = health;
    this.#events.publish("ModuleHealthChanged", {
      module_name: this.#name,
      old_health: old,
      new_health: health,
    });
  }

  /** Once for each run, when the module's `start()` has returned. */
  announceLoaded({ instanceId, version }: RunName): void {
    this.#events.publish("ModuleStarted", { module_name: this.#name });
    this.#events.publish("ModuleLoaded", { module_id: instanceId, module_name: this.#name, version });
  }

  announceCrashed({ reason, detail }: CellExit): void {
    this.#events.publish("ModuleCrashed", { module_name: this.#name, error: `${reason}: ${detail}` });
  }

  /** Somebody, or the module itself, ended the run in order. */
  announceStopped(run: RunName): void {
    this.setHealth("unknown");
    this.#events.publish("ModuleStopped", { module_name: this.#name });
    this.announceUnloaded(run);
  }

  /** Once for each `ModuleLoaded`. */
  announceUnloaded({ instanceId, version }: RunName): void {
    this.#events.publish("ModuleUnloaded", { module_id: instanceId, module_name: this.#name, version });
  }

  /** Once for each time that it comes near a limit and stays there. */
  announceStrain({ resource, usage, limit, thresholdPercent }: StrainWarning): void {
    this.#events.publish("ResourceLimitWarning", {
      module_name: this.#name,
      resource_type: resource,
      usage_percent: Math.round(usage / limit * 1_000) / 10,
      current_usage: Math.round(usage),
      limit,
      threshold_percent: thresholdPercent,
    });
  }

  announceReloaded(oldVersion: string, newVersion: string): void {
    this.#events.publish("ModuleReloaded", {
      module_name: this.#name,
      old_version: oldVersion,
      new_version: newVersion,
    });
  }
}
