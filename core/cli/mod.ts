/**
 * The command line: thin commands over the HTTP API of the running node.
 * @module
 */
export type { StartOptions } from "./context.ts";
export type { CliIo } from "./io.ts";
export { type CliInit, runCli } from "./run_cli.ts";
