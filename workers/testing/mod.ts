/**
 * `@commons/sdk/testing`: a node in memory, for tests of modules.
 *
 * @example
 * ```ts
 * await using hello = await startModule(module, { config: { greeting: "Hi" } });
 * expect((await hello.runCli("greet", { name: "Ada" })).stdout).toBe("Hi, Ada!\n");
 * ```
 * @module
 */
export type { Answer, RecordedCall } from "./fake_backend.ts";
export { FakeFiles } from "./fake_files.ts";
export { FakeNode, type FakeNodeOptions, type LoggedLine } from "./fake_node.ts";
export { FakeStorage } from "./fake_storage.ts";
export { FakeResponse, type RequestOptions } from "./http_request.ts";
export { fakeNode, type StartedModule, startModule } from "./start_module.ts";
