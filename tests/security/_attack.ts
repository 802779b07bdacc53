import type { TestModule } from "../support/modules.ts";

/** What an attacker would like to reach; nothing of it may be reached. */
export interface Targets {
  /** A file with {@linkcode Targets.secret} in it. */
  readonly secretFile: string;
  readonly secret: string;
  /** A folder where nothing may appear. */
  readonly emptyFolder: string;
  /** Counts every request. Nothing may ask it. */
  readonly canary: string;
  /** `host:port` that some modules are granted, and what it answers. */
  readonly granted: string;
  /** The node's own API. */
  readonly node: string;
}

/** One hostile module. It logs what it got; the test looks from outside. */
export interface Attack extends Omit<TestModule, "source"> {
  /** Text of the entry. */
  readonly source: (targets: Targets) => string;
  /** Hosts asked for in the manifest, with the capability `net`. */
  readonly net?: (targets: Targets) => readonly string[];
  /** Approved by the operator before it is loaded. */
  readonly approve?: true;
  /**
   * `running`: goes on; a code: the load is refused with it; an exit reason: ends so. Default `running`.
   */
  readonly becomes?:
    | "running"
    | "crashed"
    | "out_of_memory"
    | "unresponsive"
    | "start_timeout"
    | "protocol_violation"
    | RefusalCode;
  /** What the last line of its log must be, when it says how it went. */
  readonly says?: RegExp | ((targets: Targets) => string);
}

/** Codes in SCREAMING_SNAKE_CASE; exit reasons are in lower case. */
export type RefusalCode = Uppercase<string>;

export type Attacks = Readonly<Record<string, Attack>>;

/** A module that tries each expression and logs the names of those that did not throw, as JSON. */
export function tries(attempts: Readonly<Record<string, string>>): string {
  const table = Object.entries(attempts).map(([name, code]) =>
    `${JSON.stringify(name)}: async () => (${code})`
  );
  return `
    const attempts = { ${table.join(",\n")} };
    export default { async start(node) {
      const got = {};
      for (const [name, attempt] of Object.entries(attempts)) {
        try {
          const value = await attempt();
          if (value !== undefined) got[name] = String(value).slice(0, 200);
        } catch { /* refused, as it should be */ }
      }
      node.log.info(JSON.stringify(got));
    } };`;
}

/** Nothing of what was tried worked. */
export const NOTHING = /^\{\}$/;
