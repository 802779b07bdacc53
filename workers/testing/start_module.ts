import { definitionOf, startDefinition } from "../runtime/definition.ts";
import type { ModuleDefinition } from "../sdk/types.ts";
import { FakeNode, type FakeNodeOptions } from "./fake_node.ts";

/** A fake node without a module in it: for tests of parts of a module, which get its `node`. */
export function fakeNode(options: FakeNodeOptions = {}): FakeNode {
  return new FakeNode(options);
}

/** A module that runs on a fake node. */
export interface StartedModule extends FakeNode, AsyncDisposable {
  /** Asks the module to stop, as the node does: its signal aborts, its timers end, `stop` runs. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Runs the module's migrations and its `start`. Rejects as a cell would fail: with what `start` throws, or with the first
 * registration that was refused.
 */
export async function startModule(
  definition: ModuleDefinition,
  options: FakeNodeOptions = {},
): Promise<StartedModule> {
  const fake = new FakeNode(options);
  const { calls, registrations, stop: controller } = fake.parts;
  const checked = definitionOf(definition);
  await startDefinition(checked, { node: fake.node, calls, registrations });
  let stopping: Promise<void> | undefined;
  const stop = () =>
    stopping ??= (async () => {
      controller.abort(new DOMException("The module is asked to stop", "AbortError"));
      await checked.stop?.();
    })();
  return Object.assign(fake, { stop, [Symbol.asyncDispose]: stop });
}
