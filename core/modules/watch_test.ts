import { expect } from "expect";
import { FakeClock, type ModuleName } from "../base/mod.ts";
import { createLogger } from "../telemetry/mod.ts";
import { changedModule, watchModules } from "./watch.ts";

/** A watch on a folder that the test changes. */
class Watched implements Disposable {
  readonly clock = new FakeClock();
  readonly calls: string[] = [];
  readonly log: string[] = [];
  /** Awaited in each call. */
  gate: Promise<void> = Promise.resolve();
  change: (path: string) => void = () => {};
  open = false;
  readonly #watch: Disposable;

  constructor(onChange?: (name: ModuleName) => Promise<void>) {
    const logger = createLogger({
      level: "debug",
      format: "json",
      clock: this.clock,
      write: (line) => this.log.push(line),
    });
    const folder = {
      start: (onPath: (path: string) => void) => {
        this.change = onPath;
        this.open = true;
        return { [Symbol.dispose]: () => this.open = false };
      },
    };
    this.#watch = watchModules(
      { clock: this.clock, logger, folder },
      onChange ?? ((name) => this.#called(name)),
    );
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    expect([this.open, this.clock.pending]).toEqual([false, 0]);
  }

  async #called(name: ModuleName): Promise<void> {
    this.calls.push(name);
    await this.gate;
  }
}

Deno.test("changedModule() finds the module, and passes over what editors leave behind", async (t) => {
  const cases: [path: string, name: string | undefined][] = [
    ["hello", "hello"],
    ["hello/mod.ts", "hello"],
    ["hello/lib/deep/config.toml", "hello"],
    ["hello/module.toml", "hello"],
    ["hello/.mod.ts.swp", undefined],
    ["hello/mod.ts~", undefined],
    ["hello/#mod.ts#", undefined],
    ["hello/4913", undefined],
    ["hello/mod.ts.tmp", undefined],
    ["hello/mod.ts___jb_tmp___", undefined],
    ["hello/.git/index.lock", undefined],
    ["hello/node_modules/x/index.js", undefined],
    [".hello/mod.ts", undefined],
    ["Hello World/mod.ts", undefined],
    ["", undefined],
    ["../etc", undefined],
  ];
  for (const [path, name] of cases) {
    await t.step(path, () => expect(changedModule(path) as string | undefined).toBe(name));
  }
});

Deno.test("watchModules() calls once for a burst, for each module", async () => {
  using w = new Watched();
  for (let i = 0; i < 100; i++) {
    w.change(`a/file${i}.ts`);
    w.change("b/mod.ts");
    w.change("b/.mod.ts.swp");
  }
  await w.clock.advance(299);
  expect(w.calls).toEqual([]);
  await w.clock.advance(1);
  expect(w.calls).toEqual(["a", "b"]);
  await w.clock.advance(60_000);
  expect(w.calls.length).toBe(2);
});

Deno.test("watchModules() waits for quiet, but not for ever", async () => {
  using w = new Watched();
  for (let i = 0; i < 14; i++) {
    w.change("a/mod.ts");
    await w.clock.advance(200);
  }
  expect(w.calls).toEqual([]);
  await w.clock.advance(200);
  expect(w.calls).toEqual(["a"]);
});

Deno.test("watchModules() calls again for what changes during a call, once", async () => {
  using w = new Watched();
  const gate = Promise.withResolvers<void>();
  w.gate = gate.promise;
  w.change("a/mod.ts");
  await w.clock.advance(300);
  for (let i = 0; i < 10; i++) {
    w.change("a/mod.ts");
    await w.clock.advance(1_000);
  }
  expect(w.calls).toEqual(["a"]);
  gate.resolve();
  await w.clock.advance(0);
  await w.clock.advance(300);
  expect(w.calls).toEqual(["a", "a"]);
  await w.clock.advance(60_000);
  expect(w.calls.length).toBe(2);
});

Deno.test("watchModules() goes on after a call that failed", async () => {
  let calls = 0;
  using w = new Watched(() => Promise.reject(new Error(`no ${++calls}`)));
  for (let i = 0; i < 2; i++) {
    w.change("a/mod.ts");
    await w.clock.advance(300);
  }
  expect(calls).toBe(2);
  expect(w.log.filter((line) => line.includes("cannot follow a change")).length).toBe(2);
});

Deno.test("watchModules() is bounded", async () => {
  using w = new Watched();
  for (let i = 0; i < 5_000; i++) w.change(`m${i}/mod.ts`);
  expect(w.clock.pending).toBe(1_000);
  await w.clock.advance(300);
  expect(w.calls.length).toBe(1_000);
});

Deno.test("watchModules() does nothing any more after its end", async () => {
  const w = new Watched();
  const { change } = w;
  change("a/mod.ts");
  w[Symbol.dispose]();
  change("a/mod.ts");
  await w.clock.advance(1_000);
  expect([w.calls, w.clock.pending]).toEqual([[], 0]);
});
