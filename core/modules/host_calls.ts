import { CommonsError, isCommonsError } from "../base/mod.ts";
import type { CliResult, CliSpec } from "../../workers/protocol/mod.ts";
import { groupHelp, parseCliArgs, subcommandHelp } from "./cli_args.ts";
import { failedCli, misusedCli, toCliResult } from "./cli_result.ts";
import type { Registries } from "./node_api_registration.ts";
import { MAX_REQUEST_BODY, plainResponse, requestHeaders, toHttpResponse } from "./route_message.ts";
import type { Supervisor } from "./supervisor.ts";
import type { ModuleHttpRequest, ModuleHttpResponse } from "./types.ts";

const CLI_DEADLINE_MS = 60_000;
const HTTP_DEADLINE_MS = 30_000;
const CALL_DEADLINE_MS = 60_000;
const RPC_DEADLINE_MS = 30_000;
const HELP = new Set(["help", "--help", "-h"]);

/** What others ask of modules: commands, HTTP requests, calls of exposed methods, JSON-RPC. Nothing is locked meanwhile. */
export class ModuleCalls {
  readonly #registries: Registries;
  /** By name, or by id while it runs. */
  readonly #find: (name: string) => Supervisor | undefined;

  constructor(registries: Registries, find: (name: string) => Supervisor | undefined) {
    this.#registries = registries;
    this.#find = find;
  }

  /** The group of a running module. */
  cliSpec(name: string): CliSpec | undefined {
    return this.#find(name)?.running ? this.#registries.cli.get(name) : undefined;
  }

  /** @throws {CommonsError} `NO_SUCH_CLI`, `TIMEOUT`, `MODULE_NOT_RUNNING`, `MODULE_BUSY` */
  async runCli(cli: string, subcommand: string, words: readonly string[]): Promise<CliResult> {
    const spec = this.cliSpec(cli);
    const module = this.#find(cli);
    if (!spec || !module) {
      throw new CommonsError("NO_SUCH_CLI", `Cannot run ${shown(cli)}: no running module has such commands`);
    }
    if (HELP.has(subcommand)) return { stdout: groupHelp(spec), stderr: "", exit_code: 0 };
    const command = spec.subcommands.find(({ name }) => name === subcommand);
    if (!command) {
      const fault = subcommand === "" ? "missing command" : `unknown command ${shown(subcommand)}`;
      return misusedCli(fault, groupHelp(spec));
    }
    const parsed = parseCliArgs(command, words);
    if (parsed.kind === "help") return { stdout: subcommandHelp(spec, command), stderr: "", exit_code: 0 };
    if (parsed.kind === "fault") return misusedCli(parsed.message, subcommandHelp(spec, command));
    try {
      const invocation = { kind: "cli", subcommand, args: parsed.values } as const;
      return toCliResult(await module.invoke(invocation, CLI_DEADLINE_MS));
    } catch (error) {
      if (isCommonsError(error, "MODULE_FAILED")) return failedCli(error.message);
      throw error;
    }
  }

  /** @throws {CommonsError} `MODULE_NOT_FOUND`, `MODULE_NOT_RUNNING`, `NO_SUCH_ROUTE`, `TIMEOUT`, `MODULE_FAILED`, `RESULT_TOO_LARGE` */
  async handleHttp(name: string, request: ModuleHttpRequest): Promise<ModuleHttpResponse> {
    const module = this.#need(name);
    const { method, path, query, headers, body } = request;
    const match = this.#registries.routes.match(module.name, method, path);
    if (match.kind === "none") {
      throw new CommonsError("NO_SUCH_ROUTE", `Cannot answer: module ${module.name} has no such route`);
    }
    if (match.kind === "method") return plainResponse(405, { allow: match.allowed.join(", ") });
    if (body.length > MAX_REQUEST_BODY) return plainResponse(413);
    const result = await module.invoke({
      kind: "http",
      route: match.route,
      request: { method, path, params: match.params, query, headers: requestHeaders(headers), body },
    }, HTTP_DEADLINE_MS);
    const response = toHttpResponse(result);
    return method.toUpperCase() === "HEAD" ? { ...response, body: new Uint8Array() } : response;
  }

  /** @throws {CommonsError} `MODULE_NOT_FOUND`, `MODULE_NOT_RUNNING`, `NO_SUCH_METHOD`, `TIMEOUT`, `MODULE_FAILED`, `MODULE_BUSY` */
  async call(
    name: string,
    method: string,
    params: unknown,
    options: { readonly caller: string },
  ): Promise<unknown> {
    const module = this.#need(name);
    if (!this.#registries.api.has(module.name, method)) {
      throw new CommonsError(
        "NO_SUCH_METHOD",
        `Cannot call module ${module.name}: it has no method ${shown(method)}`,
      );
    }
    const { caller } = options;
    return await module.invoke({ kind: "api", method, params, caller }, CALL_DEADLINE_MS);
  }

  rpcMethods(): readonly string[] {
    const { overrides, rpc } = this.#registries;
    return [...overrides.methods(), ...rpc.methods()].filter((method) => this.#rpcOwner(method)?.running);
  }

  /** @throws {CommonsError} `NO_SUCH_METHOD`, `TIMEOUT`, `MODULE_FAILED`, `MODULE_BUSY` */
  async callRpc(method: string, params: unknown): Promise<unknown> {
    const owner = this.#rpcOwner(method);
    if (!owner?.running) {
      throw new CommonsError(
        "NO_SUCH_METHOD",
        `Cannot call ${shown(method)}: no running module registered it`,
      );
    }
    return await owner.invoke({ kind: "rpc", method, params }, RPC_DEADLINE_MS);
  }

  #rpcOwner(method: string): Supervisor | undefined {
    const { overrides, rpc } = this.#registries;
    const owner = overrides.owner(method) ?? rpc.owner(method);
    return owner === undefined ? undefined : this.#find(owner);
  }

  #need(name: string): Supervisor {
    const module = this.#find(name);
    if (!module) {
      throw new CommonsError("MODULE_NOT_FOUND", `Cannot reach module ${shown(name)}: there is none`);
    }
    if (!module.running) {
      throw new CommonsError("MODULE_NOT_RUNNING", `Cannot reach module ${module.name}: it does not run`);
    }
    return module;
  }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
