import { type Clock, CommonsError, type ErrorCode, type Timer } from "../base/mod.ts";
import type { BuildJob } from "./build_job.ts";
import { BuildProcess, type BuildProcessInit } from "./build_process.ts";

/** Two, so that a build that hangs until its deadline does not hold up all others. */
const MAX_PROCESSES = 2;
const MAX_WAITING = 1000;
const DEADLINE_MS = 10_000;
/** A process is kept for this long after its last build: modules come in groups. */
const IDLE_MS = 5_000;

/** Runs build jobs in at most two processes, started when needed and ended when idle or after any failure of theirs. */
export class BuildPool {
  readonly #clock: Clock;
  readonly #init: BuildProcessInit;
  readonly #idle: BuildProcess[] = [];
  readonly #busy = new Set<BuildProcess>();
  readonly #waiting: (() => void)[] = [];
  readonly #ending = new Set<Promise<void>>();
  #idleTimer: Timer | undefined;
  #running = 0;
  #closed = false;

  constructor(clock: Clock, init: BuildProcessInit) {
    this.#clock = clock;
    this.#init = init;
  }

  /** @throws {CommonsError} what the build throws, `TIMEOUT`, `BUILD_CRASHED`, `BUILD_FAILED` when closed or too busy */
  async build(job: BuildJob): Promise<string> {
    await this.#enter();
    try {
      return await this.#run(job);
    } finally {
      this.#leave();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#idleTimer?.[Symbol.dispose]();
    for (const resume of this.#waiting.splice(0)) resume();
    for (const process of [...this.#idle.splice(0), ...this.#busy]) this.#end(process);
    await Promise.all(this.#ending);
  }

  async #run(job: BuildJob): Promise<string> {
    if (this.#closed) throw new CommonsError("BUILD_FAILED", "Cannot build the module: the node is stopping");
    const process = this.#idle.pop() ?? new BuildProcess(this.#clock, this.#init);
    this.#busy.add(process);
    try {
      const answer = await process.run(job, { deadlineMs: DEADLINE_MS });
      if (answer.ok) {
        this.#keep(process);
        return answer.text;
      }
      this.#end(process); // an error may come from a parser that is in disorder now
      // The process' own code made it, and its form was checked on arrival.
      const code = answer.code as ErrorCode;
      throw new CommonsError(code, answer.message, answer.detail ? { detail: answer.detail } : {});
    } finally {
      if (this.#busy.delete(process) && !this.#idle.includes(process)) this.#end(process);
    }
  }

  #keep(process: BuildProcess): void {
    if (this.#closed) return;
    this.#idle.push(process);
    this.#idleTimer?.[Symbol.dispose]();
    this.#idleTimer = this.#clock.after(IDLE_MS, () => {
      for (const idle of this.#idle.splice(0)) this.#end(idle);
    });
  }

  #end(process: BuildProcess): void {
    const ending = process.end();
    this.#ending.add(ending);
    ending.finally(() => this.#ending.delete(ending));
  }

  async #enter(): Promise<void> {
    if (this.#running < MAX_PROCESSES) {
      this.#running++;
      return;
    }
    if (this.#waiting.length >= MAX_WAITING) {
      throw new CommonsError("BUILD_FAILED", "Cannot build the module: too many builds are waiting");
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve)); // takes over the place of the one that leaves
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running--;
  }
}
