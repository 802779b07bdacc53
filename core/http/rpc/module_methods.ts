import { CommonsError, isCommonsError, parseModuleName } from "../../base/mod.ts";
import type { HttpModules } from "../types.ts";
import { type RpcMethod, textParam } from "./rpc_method.ts";

const NAME = { name: "name", about: "name of the module" };
const CLI_NAME = /^[A-Za-z0-9_-]{1,64}$/;
const SUBCOMMAND = /^[A-Za-z0-9_:-]{1,64}$/;
const MAX_ARGS = 256;

/** Methods that manage modules; names, results and texts are those that tools of the seed systems expect. */
export function moduleMethods(modules: HttpModules): readonly RpcMethod[] {
  return [
    {
      name: "listmodules",
      params: [],
      help: "Names of the running modules.",
      admin: false,
      handler: () => modules.list().filter(({ state }) => state === "running").map(({ name }) => name).sort(),
    },
    {
      name: "getmoduleclispecs",
      params: [],
      help: "Commands of the running modules: {cli name: spec}.",
      admin: false,
      handler: () => modules.cliSpecs(),
    },
    {
      name: "runmodulecli",
      params: [
        { name: "cli", about: "CLI name of the module" },
        { name: "subcommand", about: "subcommand" },
      ],
      variadic: true,
      help: "Runs a command of a module: {stdout, stderr, exit_code}.",
      admin: true,
      handler: (params) => runModuleCli(modules, params),
    },
    changing(modules, "load", "Module loaded"),
    changing(modules, "unload", "Module unloaded"),
    changing(modules, "reload", "Module reloaded"),
  ];
}

function changing(modules: HttpModules, action: "load" | "unload" | "reload", done: string): RpcMethod {
  const help = {
    load: "Starts a module.",
    unload: "Stops a module.",
    reload: "Stops, verifies and starts a module.",
  };
  return {
    name: `${action}module`,
    params: [NAME],
    help: help[action],
    admin: true,
    async handler([name]) {
      await modules[action](parseModuleName(name)).catch((error) => {
        if (!isCommonsError(error, "MODULE_NOT_FOUND")) throw error;
        throw new CommonsError("MODULE_NOT_FOUND", `Module '${name}' not found locally.`, { cause: error });
      });
      return done;
    },
  };
}

async function runModuleCli(modules: HttpModules, params: readonly unknown[]): Promise<unknown> {
  const [cli, subcommand, ...args] = params.map((value, i) => textParam(value, `parameter ${i + 1}`));
  if (cli === undefined || !CLI_NAME.test(cli)) throw badName("the CLI name");
  if (subcommand === undefined || !SUBCOMMAND.test(subcommand)) throw badName("the subcommand");
  if (args.length > MAX_ARGS) {
    throw new CommonsError("INVALID_PARAMS", `Cannot run ${cli}: at most ${MAX_ARGS} arguments`);
  }
  try {
    return await modules.runCli(cli, subcommand, args);
  } catch (error) {
    if (isCommonsError(error, "NO_SUCH_CLI") && !Object.hasOwn(modules.cliSpecs(), cli)) {
      throw new CommonsError("NO_SUCH_CLI", `No module with CLI name '${cli}' is loaded`, { cause: error });
    }
    if (isCommonsError(error, "TIMEOUT")) {
      throw new CommonsError("TIMEOUT", "Module did not respond to CLI invocation within 60 seconds", {
        cause: error,
      });
    }
    throw error;
  }
}

function badName(what: string): CommonsError {
  return new CommonsError(
    "INVALID_PARAMS",
    `Cannot run a module's command: ${what} has characters that none has`,
  );
}
