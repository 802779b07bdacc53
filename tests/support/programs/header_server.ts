/**
 * A peer of Bitcoin's network that knows nothing but headers of regtest: it greets, answers `ping` and `getheaders`, and
 * is silent to everything else. An implementation of its own, so that it does not share the node's mistakes.
 *
 * Arguments: a file with the 80-byte headers behind genesis, and how many milliseconds each answer takes (default 0).
 * Prints `listening <port>`, `connected <number>`, and `served <height of the first> <count>` for each answer.
 */
import { doubleSha256 } from "../../../core/base/mod.ts";

const MAGIC = 0xdab5bffa; // regtest, as a little-endian number
const FRAME = 24;
const MAX_PAYLOAD = 4_000_000;
const PROTOCOL = 70_016;
const SERVICES = 1n | 8n; // NODE_NETWORK, NODE_WITNESS
const MAX_HEADERS = 2_000;
const GENESIS = "06226e46111a0b59caaf126043eb5bbf28c34f3a5e332a1fc7b2b73cf188910f";

const [path = "", delayMs = "0"] = Deno.args;
const headers = await Deno.readFile(path);
const count = headers.length / 80;
const heights = indexByHash();

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}

function headerAt(height: number): Uint8Array<ArrayBuffer> {
  return headers.subarray((height - 1) * 80, height * 80);
}

/** Heights by the first bytes of their hashes, open addressing. */
function indexByHash(): { of(hash: Uint8Array): number | undefined } {
  const slots = new Int32Array(1 << Math.ceil(Math.log2(count * 2 + 2)));
  const place = (hash: Uint8Array) =>
    new DataView(hash.buffer, hash.byteOffset).getUint32(0, true) & (slots.length - 1);
  const next = (at: number) => (at + 1) & (slots.length - 1);
  for (let height = 1; height <= count; height++) {
    // The parent's hash is in the header behind; only the last one has to be hashed.
    const hash = height < count ? headerAt(height + 1).subarray(4, 36) : doubleSha256(headerAt(height));
    let at = place(hash);
    while (slots[at] !== 0) at = next(at);
    slots[at] = height;
  }
  return {
    of(hash) {
      if (hash.toHex() === GENESIS) return 0;
      for (let at = place(hash); slots[at] !== 0; at = next(at)) {
        const height = slots[at] ?? 0;
        if (doubleSha256(headerAt(height)).toHex() === hash.toHex()) return height;
      }
      return undefined;
    },
  };
}

function frame(command: string, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FRAME + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  bytes.set(new TextEncoder().encode(command), 4);
  view.setUint32(16, payload.length, true);
  bytes.set(doubleSha256(payload).subarray(0, 4), 20);
  bytes.set(payload, FRAME);
  return bytes;
}

function versionPayload(): Uint8Array {
  const agent = new TextEncoder().encode("/header-server:1/");
  const payload = new Uint8Array(80 + 1 + agent.length + 5);
  const view = new DataView(payload.buffer);
  view.setInt32(0, PROTOCOL, true);
  view.setBigUint64(4, SERVICES, true);
  view.setBigInt64(12, BigInt(Math.floor(Date.now() / 1000)), true);
  crypto.getRandomValues(payload.subarray(72, 80)); // a nonce behind two empty addresses
  payload[80] = agent.length;
  payload.set(agent, 81);
  view.setInt32(81 + agent.length, count, true);
  return payload;
}

/** Headers behind the first hash of the locator that is known here. */
function answerOf(payload: Uint8Array): Uint8Array {
  const hashes = payload[4] ?? 0; // fewer than 253: locators are short
  let from = 0;
  for (let i = 0; i < hashes; i++) {
    const height = heights.of(payload.subarray(5 + i * 32, 37 + i * 32));
    if (height === undefined) continue;
    from = height;
    break;
  }
  const number = Math.min(MAX_HEADERS, count - from);
  const answer = new Uint8Array(3 + number * 81); // each with the count of its transactions: 0
  answer.set([0xfd, number & 0xff, number >> 8]);
  for (let i = 0; i < number; i++) answer.set(headerAt(from + 1 + i), 3 + i * 81);
  say(`served ${from + 1} ${number}`);
  return number < 253 ? Uint8Array.of(number, ...answer.subarray(3)) : answer;
}

function replies(command: string, payload: Uint8Array): Uint8Array[] {
  if (command === "version") {
    return [frame("version", versionPayload()), frame("verack", new Uint8Array(0))];
  }
  if (command === "ping") return [frame("pong", payload)];
  return command === "getheaders" ? [frame("headers", answerOf(payload))] : [];
}

async function serve(connection: Deno.TcpConn): Promise<void> {
  const writer = connection.writable.getWriter();
  let rest: Uint8Array = new Uint8Array(0);
  for await (const chunk of connection.readable) {
    const bytes = new Uint8Array(rest.length + chunk.length);
    bytes.set(rest);
    bytes.set(chunk, rest.length);
    let at = 0;
    while (bytes.length - at >= FRAME) {
      const view = new DataView(bytes.buffer, at);
      const length = view.getUint32(16, true);
      if (view.getUint32(0, true) !== MAGIC || length > MAX_PAYLOAD) throw new Error("not a message");
      if (bytes.length - at < FRAME + length) break;
      const command = new TextDecoder().decode(bytes.subarray(at + 4, at + 16)).replaceAll("\0", "");
      const payload = bytes.slice(at + FRAME, at + FRAME + length);
      if (command === "getheaders") await new Promise((resolve) => setTimeout(resolve, Number(delayMs)));
      for (const reply of replies(command, payload)) await writer.write(reply);
      at += FRAME + length;
    }
    rest = bytes.subarray(at);
  }
}

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
say(`listening ${listener.addr.port}`);
let connected = 0;
for await (const connection of listener) {
  say(`connected ${++connected}`);
  serve(connection).catch(() => {}); // a killed node breaks its connection off
}
