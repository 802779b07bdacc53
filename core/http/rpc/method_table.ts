import { CommonsError } from "../../base/mod.ts";
import type { HttpBans, HttpBitcoin, HttpChain, HttpModules, HttpP2p, NodeFacts } from "../types.ts";
import { banMethods } from "./ban_methods.ts";
import { blockMethods } from "./block_methods.ts";
import { chainMethods } from "./chain_methods.ts";
import { mempoolMethods } from "./mempool_methods.ts";
import { miningMethods } from "./mining_methods.ts";
import { moduleMethods } from "./module_methods.ts";
import { networkMethods } from "./network_methods.ts";
import { transactionMethods } from "./transaction_methods.ts";
import { helpText, type RpcMethod, textParam } from "./rpc_method.ts";

/** The node's own methods by name. */
export type MethodTable = ReadonlyMap<string, RpcMethod>;

/** What the methods are made from. */
export interface MethodTableInit {
  readonly modules: HttpModules;
  readonly p2p: Pick<HttpP2p, "peers" | "listening" | "claimOf">;
  readonly bans: Pick<HttpBans, "ban" | "unban" | "clear" | "list" | "find">;
  readonly chain: HttpChain;
  readonly bitcoin?: HttpBitcoin | undefined;
  readonly node: NodeFacts;
  /** Wall clock in Unix milliseconds. */
  readonly now: () => number;
  readonly uptimeSeconds: () => number;
}

/** Every method that the node itself answers; those of modules come after them. */
export function createMethodTable(init: MethodTableInit): MethodTable {
  const { modules, p2p, bans, chain, node, bitcoin = {} } = init;
  const methods: RpcMethod[] = [
    {
      name: "getrpcinfo",
      params: [],
      help: "All methods: the node's own and those of modules.",
      admin: false,
      handler: () => ({
        methods: [...table.keys(), ...modules.rpcMethods()].sort(),
        module_methods: modules.rpcMethods(),
      }),
    },
    {
      name: "help",
      params: [{ name: "command", about: "method to explain", optional: true }],
      help: "All methods in a line each, or one explained.",
      admin: false,
      handler: ([command]) =>
        command === undefined ? overview(table, modules) : explain(table, modules, command),
    },
    {
      name: "uptime",
      params: [],
      help: "Seconds since the node was started.",
      admin: false,
      handler: () => init.uptimeSeconds(),
    },
    ...moduleMethods(modules),
    ...networkMethods(p2p, node),
    ...banMethods(bans),
    ...chainMethods(chain, init.now),
    ...blockMethods(chain, bitcoin),
    ...transactionMethods(chain, bitcoin),
    ...mempoolMethods(bitcoin),
    ...miningMethods(chain, bitcoin),
  ];
  const table: MethodTable = new Map(methods.map((method) => [method.name, method]));
  return table;
}

function overview(table: MethodTable, modules: HttpModules): string {
  const own = [...table.values()].map((method) => helpText(method).split("\n", 1)[0] ?? method.name);
  return [...own.sort(), ...modules.rpcMethods().toSorted()].join("\n");
}

function explain(table: MethodTable, modules: HttpModules, command: unknown): string {
  const name = textParam(command, "command");
  const method = table.get(name);
  if (method !== undefined) return helpText(method);
  if (modules.rpcMethods().includes(name)) return `${name}\n\nA method of a module. Needs the API token.`;
  throw new CommonsError("INVALID_PARAMS", `help: unknown command: ${name.slice(0, 64)}`);
}
