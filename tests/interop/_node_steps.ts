/** A whole node with someone else's full node as its sources, seen by its API and by a module. */
import { expect } from "expect";
import { parseBlock, parseTransaction } from "../../core/bitcoin/mod.ts";
import { eventually } from "../support/eventually.ts";
import { startTestNode, type TestNode } from "../support/node_process.ts";
import { ANYONE, spendToAnyone } from "./anyone.ts";
import type { BitcoinProgram } from "./bitcoin_node.ts";
import { MATURE, mineTemplate, rewardIn, type Template } from "./_rpc_steps.ts";

/** Hands calls on, with bytes as `{hex}` and big numbers as text, and keeps the events. */
const WATCHER = `
const fromHex = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const toHex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const plain = (value) => {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return { hex: toHex(value) };
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
};
const TYPES = ["NewBlock", "BlockDisconnected", "ChainReorg", "MempoolTransactionAdded", "MempoolTransactionRemoved"];
const seen = [];
export default {
  start(node) {
    for (const type of TYPES) node.events.on(type, (payload) => void seen.push({ type, ...plain(payload) }));
    node.api.expose("seen", () => seen);
    node.api.expose("ask", async ({ group, method, args }) =>
      plain(await node[group][method](...args.map((arg) => arg?.hex === undefined ? arg : fromHex(arg.hex)))));
  },
};`;

type Fields = Readonly<Record<string, unknown>>;

async function startAttached(program: BitcoinProgram, stack: AsyncDisposableStack) {
  const bitcoin = stack.use(await program.start());
  const mined = await bitcoin.mine(MATURE);
  const node = stack.use(
    await startTestNode({
      set: [
        'node.network="regtest"',
        'p2p.dht="off"',
        `chain.bitcoin_peers=["${bitcoin.p2p}"]`,
        `chain.rpc_url="${bitcoin.rpcUrl}"`,
        `chain.rpc_user="${bitcoin.user}"`,
        `chain.rpc_password="${bitcoin.password}"`,
      ],
      modules: {
        watcher: {
          source: WATCHER,
          capabilities: [
            "read_blockchain",
            "read_utxo",
            "read_chain_state",
            "read_mempool",
            "subscribe_events",
            "register_module_api",
            "send_transactions",
            "submit_block",
          ],
        },
      },
    }),
  );
  const approved = await node.api("/api/v1/modules/watcher/approve", { method: "POST" });
  expect(approved).toMatchObject({ status: 200, body: { state: "running" } });
  const follows = async () => {
    const { hash } = await bitcoin.tip();
    await eventually("the tip of the node", async () => (await tipOf(node)) === hash);
  };
  return { bitcoin, mined, node, follows };
}

async function tipOf(node: TestNode): Promise<unknown> {
  return Object(await node.api("/api/v1/chain/tip").then(({ body }) => body)).hash;
}

async function call(node: TestNode, method: string, params: unknown): Promise<unknown> {
  const { status, body } = await node.api("/api/v1/modules/watcher/call", { body: { method, params } });
  expect([method, status, status === 200 ? "" : body]).toEqual([method, 200, ""]);
  return Object(body).result;
}

export async function servesModules(program: BitcoinProgram): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const { bitcoin, mined, node, follows } = await startAttached(program, stack);
  await follows();
  const ask = (group: string, method: string, ...args: unknown[]) =>
    call(node, "ask", { group, method, args }) as Promise<Fields>;
  const block = await ask("chain", "getBlockByHeight", 1);
  expect(block).toMatchObject({ hash: mined[0], height: 1, confirmations: MATURE });
  const reward = rewardIn(bitcoin, Uint8Array.fromHex(String(Object(block["raw"]).hex)));
  const { txid, index, sats } = reward;
  expect(await ask("chain", "getTransaction", txid)).toMatchObject({ block_hash: mined[0], verified: true });

  const output = { hash: txid, index };
  const unspent = {
    value: String(sats),
    script_pubkey: { hex: ANYONE.output },
    height: 1,
    is_coinbase: true,
  };
  expect(await ask("chain", "getUtxo", output)).toEqual({ ...unspent, verified: false });

  const spend = parseTransaction(Uint8Array.fromHex(spendToAnyone(reward, 2_000n)));
  expect(await ask("mempool", "sendTransaction", { hex: spend.raw.toHex() })).toBe(spend.txid);
  const heard = (type: string, fields: Fields) =>
    eventually(`${type} at the module`, async () => {
      const all = await call(node, "seen", {}) as readonly Fields[];
      const wanted = Object.entries({ type, ...fields });
      return all.some((event) => wanted.every(([key, value]) => event[key] === value));
    });
  await heard("MempoolTransactionAdded", { tx_hash: spend.txid });
  expect(await ask("mempool", "checkTransactionInMempool", spend.txid)).toBe(true);
  expect(await ask("mempool", "getMempoolSize")).toEqual({
    transaction_count: 1,
    size_bytes: spend.vsize,
    total_fee_sats: 2_000,
  });

  const template = await ask("mining", "getBlockTemplate", ["segwit"], { hex: ANYONE.output });
  const raw = mineTemplate({
    ...template as unknown as Template, // the full node's own answer
    coinbase_transaction: Uint8Array.fromHex(String(Object(template["coinbase_transaction"]).hex)),
  });
  expect(await ask("mining", "submitBlock", { hex: raw.toHex() })).toEqual({
    status: "accepted",
    reason: null,
  });
  await follows();
  const { hash } = await bitcoin.tip();
  expect(parseBlock(raw).hash).toBe(hash);
  await heard("NewBlock", { block_hash: hash, height: MATURE + 1 });
  await heard("MempoolTransactionRemoved", { tx_hash: spend.txid, reason: "confirmed" });
  expect(await ask("chain", "getTransaction", spend.txid)).toMatchObject({
    block_hash: hash,
    verified: true,
  });

  expect(await ask("chain", "getUtxo", output)).toBeNull();

  await bitcoin.rpc("invalidateblock", hash);
  await bitcoin.mine(2);
  await follows();
  await heard("BlockDisconnected", { hash, height: MATURE + 1 });
  await heard("ChainReorg", { old_tip: hash });
  const { body } = await node.api("/api/v1/chain/sources");
  expect(body).toMatchObject({ phase: "synced" });
  await eventually("sources that agree", async () => {
    const { sources } = Object((await node.api("/api/v1/chain/sources")).body);
    return sources.length >= 2 && sources.every(({ state }: Fields) => state === "agrees");
  });
}
