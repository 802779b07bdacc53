import { type Attacks, tries } from "./_attack.ts";

/**
 * A module cannot get at the channel, but it lives in the same realm as the code that writes to it: it can bend the
 * built-ins that this code uses, and so send what it likes. The node has to take it all.
 */
function forge(bytes: string, after = ""): string {
  return `
    let armed = false;
    const encodeInto = TextEncoder.prototype.encodeInto;
    TextEncoder.prototype.encodeInto = function (text, target) {
      if (!armed) return encodeInto.call(this, text, target);
      armed = false;
      const forged = (${bytes})(text);
      if (typeof forged === "string") return encodeInto.call(this, forged, target);
      target.set(forged.subarray(0, target.length));
      return { read: text.length, written: Math.min(forged.length, target.length) };
    };
    export default { async start(node) {
      setTimeout(() => { armed = true; node.log.info("${"x".repeat(200)}"); ${after} }, 30);
    } };`;
}

/** Frames that no honest cell sends. */
export const CHANNEL: Attacks = {
  "forges-a-frame-that-is-no-json": {
    source: () => forge(`() => "this is not JSON"`),
    becomes: "protocol_violation",
  },
  "forges-a-frame-that-is-no-list": { source: () => forge(`() => '{"a":1}'`), becomes: "protocol_violation" },
  "forges-a-frame-that-is-no-text": {
    source: () => forge(`() => new Uint8Array([0x5b, 0xff, 0xfe, 0x5d])`),
    becomes: "protocol_violation",
  },
  "forges-a-message-of-unknown-kind": {
    source: () => forge(`() => '[["zz",1]]'`),
    becomes: "protocol_violation",
  },
  "forges-a-message-that-is-no-list": { source: () => forge(`() => '["c"]'`), becomes: "protocol_violation" },
  "forges-a-call-without-an-id": {
    source: () => forge(`() => '[["c",null,"node.info",[]]]'`),
    becomes: "protocol_violation",
  },
  "forges-that-it-has-stopped": { source: () => forge(`() => '[["d"]]'`), becomes: "protocol_violation" },
  "forges-a-heartbeat-of-text": {
    source: () => forge(`() => '[["p","1","2","3"]]'`),
    becomes: "protocol_violation",
  },
  "forges-heartbeats-to-come": { source: () => forge(`() => '[["p",1e9,-1,1e300]]'`) },
  "forges-that-it-has-started-again": { source: () => forge(`() => '[["s"],["s"],["s"]]'`) },
  "forges-answers-that-nobody-asked-for": {
    source: () => forge(`() => '[["r",1,"x"],["r",-5,{}],["e",99,"X","y"],["r",1.5,[]]]'`),
  },
  "forges-calls-of-methods-that-are-not": {
    source: () =>
      forge(`() => '[["c",1,"__proto__",[]],["c",2,"constructor",[]],["c",3,"toString",[]],["c",4,"",[]]]'`),
  },
  "forges-a-call-of-what-it-lacks": {
    source: () => forge(`() => '[["c",1,"storage.set",[["k"],1]],["c",2,"events.publish",["NewBlock",{}]]]'`),
  },
  "forges-deep-parameters": {
    source: () => forge(`() => '[["c",1,"node.info",' + "[".repeat(2000) + "]".repeat(2000) + "]]"`),
  },
  "forges-deep-tagged-parameters": {
    source: () => forge(`() => '[["c",1,"node.info",' + "[".repeat(5000) + "]".repeat(5000) + ',1]]'`),
  },
  "forges-numbers-at-the-edges": {
    source: () =>
      forge(
        `() => '[["c",9007199254740991,"node.info",[]],["c",-1,"node.info",[]],["c",0,"modules.info",[1e400]]]'`,
      ),
  },
  "forges-a-length-over-the-cap": {
    // The length stands before the text: the view that is filled lies four bytes behind it.
    source: () =>
      forge(`function (text) {
      const set = Uint8Array.prototype.subarray;
      return "[]";
    }`) + `
      const setUint32 = DataView.prototype.setUint32;
      setTimeout(() => { DataView.prototype.setUint32 = function (at) { return setUint32.call(this, at, 0x7fffffff) } }, 20);`,
    becomes: "protocol_violation",
  },
  "promises-a-frame-and-never-sends-it": {
    source: () => `
      const setUint32 = DataView.prototype.setUint32;
      export default { start(node) { setTimeout(() => {
        DataView.prototype.setUint32 = function (at) { return setUint32.call(this, at, 1000000) };
        node.log.info("only this much");
      }, 30) } };`,
    becomes: "unresponsive",
  },
  "speaks-over-the-cap": {
    capabilities: ["write_storage"],
    source: () =>
      `export default { async start(node) {
      const code = await node.storage.set(["k"], "x".repeat(4_000_000)).then(() => "stored", (error) => error.code);
      node.log.info(code);
    } };`,
    says: /^(INVALID_PARAMS|VALUE_TOO_LARGE)$/,
  },
};

/** Values that bite whoever touches them. */
export const VALUES: Attacks = {
  "pollutes-object-prototype": {
    source: () => `
      Object.prototype.polluted = "yes";
      Object.defineProperty(Object.prototype, "then", { get() { return undefined } });
      export default { start(node) { node.cli.command({ name: "report" }, () => ({ stdout: "ok", stderr: "", exit_code: 0 })) } };`,
    becomes: "running",
  },
  "pollutes-what-json-is-made-with": {
    source: () => `
      Object.prototype.toJSON = function () { return "polluted" };
      Array.prototype.toJSON = function () { return ["c", 1, "storage.set", ["k", 1]] };
      export default { start(node) { node.cli.command({ name: "x" }, () => "x") } };`,
    becomes: "crashed",
  },
  "answers-with-a-proto-key": {
    source: () =>
      `export default { start(node) {
      node.api.expose("get", () => JSON.parse('{"__proto__": {"admin": true}, "constructor": {"prototype": {"x": 1}}}'));
      node.http.get("/get", () => JSON.parse('{"__proto__": {"admin": true}}'));
      node.log.info("ready", JSON.parse('{"__proto__": {"admin": true}}'));
    } };`,
    capabilities: ["register_module_api"],
    says: /^ready$/,
  },
  "writes-escape-sequences": {
    source: () =>
      `export default { start(node) {
      node.log.info("\\u001b[2J\\u001b]0;owned\\u0007\\r\\nFAKE LINE\\u202e", { "\\u001b[31m": "\\u0000" });
      node.log.info("done");
    } };`,
    says: /^done$/,
  },
  "answers-http-with-header-tricks": {
    source: () =>
      `export default { start(node) {
      node.http.get("/evil", () => {
        const response = new Response("x", { headers: { "content-type": "text/html", "x-a": "b" } });
        Object.defineProperty(response, "headers", { value: new Map([["set-cookie", "a=b"], ["x-a", "b\\r\\nx-b: c"],
          ["access-control-allow-origin", "*"], ["transfer-encoding", "chunked"], ["content-length", "5"]]) });
        Object.defineProperty(response, "status", { value: 99999 });
        return response;
      });
      node.log.info("ready");
    } };`,
    says: /^ready$/,
  },
  "throws-what-cannot-be-shown": {
    source: () =>
      `export default { start() { throw new Proxy({}, { get() { throw new Error("bite") }, getPrototypeOf() { throw 1 } }) } };`,
    becomes: "crashed",
  },
  "throws-an-endless-message": {
    source: () => `export default { start() { throw new Error("x".repeat(2_000_000)) } };`,
    becomes: "crashed",
  },
  "throws-an-error-with-a-spinning-stack": {
    source: () =>
      `export default { start() { const e = new Error("x"); Object.defineProperty(e, "stack", { get() { for (;;); } }); throw e } };`,
    limits: { startup_ms: 1_200 },
    becomes: "start_timeout",
  },
  "exports-a-getter": {
    source: () => `export default { get start() { throw new Error("in the getter") } };`,
    becomes: "crashed",
  },
  "exports-a-thenable": {
    source: () => `export default { start: () => ({ then(ok) { ok(); ok(); } }) };`,
    becomes: "running",
  },
};

/** Other modules' data, names and places; and the node's. */
export const OTHERS: Attacks = {
  "reads-other-modules-storage": {
    capabilities: ["read_storage", "write_storage"],
    source: () =>
      `export default { async start(node) {
      const got = [];
      const keys = [["..", "hello", "data", "starts"], ["starts"], ["hello", "starts"], ["module", "hello", "data", "starts"]];
      for (const key of keys) { const value = await node.storage.get(key).catch(() => undefined); if (value !== undefined) got.push(key) }
      for (const options of [{}, { prefix: [] }, { prefix: [".."] }, { start: [""], end: ["zzz"] }, { prefix: [], start: [0], end: ["\\uffff"] }]) {
        const list = await node.storage.list(options).catch(() => []);
        if (list.length > 0) got.push(options);
      }
      node.log.info(JSON.stringify(got));
    } };`,
    says: /^\[\]$/,
  },
  "uses-services-without-a-grant": {
    source: () =>
      `export default { async start(node) {
      const calls = { storage: () => node.storage.get(["a"]), write: () => node.storage.set(["a"], 1), list: () => node.modules.list(),
        call: () => node.modules.call("hello", "greet", { name: "x" }), publish: () => node.events.publish("ActionExecuted", {}),
        rpc: () => node.rpc.register("x", "y", () => 1), fs: () => node.fs.readFile("a"), ban: () => node.network.banPeer("1.2.3.4:1"),
        peers: () => node.network.getNetworkPeers(), submit: () => node.mining.submitBlock("00"), vote: () => node.governance.castVote({}),
        mesh: () => node.mesh.sendPacket({}), metrics: () => node.metrics.getAllMetrics(), pay: () => node.payments.getPaymentState("x") };
      const codes = {};
      for (const [name, call] of Object.entries(calls)) codes[name] = await (async () => call())().then(() => "ALLOWED", (error) => error.code ?? error.message);
      node.log.info(JSON.stringify([...new Set(Object.values(codes))]));
    } };`,
    says: /^\["PERMISSION_DENIED"\]$/,
  },
  "subscribes-without-a-grant": {
    source: () => `export default { start(node) { node.events.on("NewBlock", () => {}) } };`,
    becomes: "crashed",
  },
  "spoofs-events-of-the-node": {
    capabilities: ["publish_events"],
    approve: true,
    source: () =>
      `export default { async start(node) {
      const types = ["NewBlock", "BlockAnnounced", "ModuleLoaded", "ModuleUnloaded", "NodeShutdown", "PeerBanned", "ConfigLoaded",
        "ChainTipUpdated", "toString", "__proto__", "", "NoSuchEvent"];
      const got = [];
      for (const type of types) {
        await node.events.publish(type, { block_hash: "0".repeat(64), height: 1, module_name: "x", reason: "x" }).then(() => got.push(type), () => {});
      }
      node.log.info(JSON.stringify(got));
    } };`,
    says: /^\[\]$/,
  },
  "publishes-malformed-payloads": {
    capabilities: ["publish_events"],
    approve: true,
    source: () =>
      `export default { async start(node) {
      const got = [];
      const payloads = [{}, null, [], "x", { channel_id: 1, reason: "x" }, { channel_id: "x", reason: "y", extra: 1 }, { channel_id: "x".repeat(10000), reason: "y" },
        JSON.parse('{"channel_id": "x", "reason": "y", "__proto__": {}}')];
      for (const payload of payloads) await node.events.publish("ChannelClosed", payload).then(() => got.push(payload), () => {});
      node.log.info(JSON.stringify(got));
    } };`,
    says: /^\[\]$/,
  },
  "takes-over-rpc-methods": {
    capabilities: ["register_rpc_endpoint"],
    approve: true,
    source: () =>
      `export default { async start(node) {
      const got = [];
      for (const name of ["help", "uptime", "getblockcount", "setban", "runmodulecli", "loadmodule", "HELP", " help", "__proto__", "a b", "x".repeat(300)]) {
        await node.rpc.register(name, "mine", () => "mine").then(() => got.push(name), () => {});
      }
      await node.rpc.unregister("help").then(() => got.push("unregistered"), () => {});
      node.log.info(JSON.stringify(got));
    } };`,
    says: /^\[(?:"HELP")?\]$/,
  },
  "takes-places-that-are-not-its-own": {
    source: () =>
      `export default { async start(node) {
      node.cli.command({ name: "fine" }, () => "fine");
      for (const path of ["/../hello/http/greet", "//greet", "/a/../../x", "greet", "/%2e%2e/x", "/\\u0000", "/" + "a".repeat(5000)]) {
        try { node.http.get(path, () => "mine") } catch {}
      }
    } };`,
    becomes: "crashed",
  },
  "calls-itself-and-others-in-circles": {
    capabilities: ["call_module", "register_module_api", "discover_modules"],
    approve: true,
    source: () =>
      `export default { start(node) {
      let depth = 0;
      node.api.expose("again", async () => { depth++; return depth < 50 ? node.modules.call(node.name, "again") : depth });
      setTimeout(async () => {
        const result = await node.modules.call(node.name, "again").catch((error) => error.code);
        node.log.info(String(result));
      }, 20);
    } };`,
    says: /^(?:50|[A-Z_]+)$/,
  },
  "claims-to-be-someone-else": {
    capabilities: ["call_module", "register_module_api"],
    approve: true,
    source: () =>
      `export default { start(node) {
      node.api.expose("who", (_, caller) => caller);
      setTimeout(async () => {
        const attempts = [await node.modules.call(node.name, "who", { caller: "hello" }), await node.modules.call(node.name, "who", "hello")];
        node.log.info(JSON.stringify(attempts.map((caller) => caller === node.name || caller === node.id)));
      }, 20);
    } };`,
    says: /^\[true,true\]$/,
  },
};

/** More of everything than anybody needs. */
export const FLOODS: Attacks = {
  "registers-ten-thousand-commands": {
    source: () =>
      `export default { start(node) { for (let i = 0; i < 10000; i++) node.cli.command({ name: "c" + i }, () => "") } };`,
    becomes: "crashed",
  },
  "registers-ten-thousand-routes": {
    source: () =>
      `export default { start(node) { for (let i = 0; i < 10000; i++) node.http.get("/r" + i, () => "") } };`,
    becomes: "crashed",
  },
  "subscribes-to-everything-again-and-again": {
    capabilities: ["subscribe_events"],
    source: () =>
      `export default { async start(node) {
      for (let i = 0; i < 300; i++) { const off = node.events.on("MessageReceived", () => {}); if (i % 2) off(); }
      node.log.info("done");
    } };`,
    says: /^done$/,
  },
  "fills-its-storage": {
    capabilities: ["read_storage", "write_storage"],
    source: () =>
      `export default { start(node) {
      setTimeout(async () => {
        const value = new Uint8Array(50_000);
        let codes = new Set(), stored = 0;
        for (let i = 0; i < 4000 && !codes.has("QUOTA_EXCEEDED"); i++) {
          await Promise.all(Array.from({ length: 8 }, (_, j) => node.storage.set(["k", i, j], value).then(() => stored++, (error) => codes.add(error.code))));
        }
        node.log.info(codes.has("QUOTA_EXCEEDED") ? "full" : "never full: " + stored);
      }, 20);
    } };`,
    says: /^full$/,
  },
  "sets-a-million-timers": {
    source: () =>
      `export default { start(node) { setTimeout(() => { for (let i = 0; i < 1e6; i++) setTimeout(() => {}, 60_000 + i) }, 20); } };`,
    limits: { memory_mb: 24 },
    becomes: "out_of_memory",
  },
  "never-reads-its-answers": {
    capabilities: ["subscribe_events"],
    source: () =>
      `export default { start(node) {
      setTimeout(() => { for (let i = 0; i < 4000; i++) node.log.debug("x".repeat(4000)); for (;;); }, 20);
    } };`,
    becomes: "unresponsive",
  },
  "compiles-endless-webassembly": {
    // (module (func (export "f") (loop br 0)))
    source: () =>
      `export default { start(node) { setTimeout(() => {
      const bytes = Uint8Array.of(0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,5,1,1,102,0,0,10,9,1,7,0,3,64,12,0,11,11);
      new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.f();
    }, 20) } };`,
    becomes: "unresponsive",
  },
  "backtracks-in-a-regular-expression": {
    source: () =>
      `export default { start() { setTimeout(() => /^(a+)+$/.test("a".repeat(60) + "b"), 20) } };`,
    becomes: "unresponsive",
  },
  "recurses-without-end": {
    source: () =>
      `export default { start(node) {
      const f = () => f();
      try { f() } catch (error) { node.log.info(error.name) }
    } };`,
    says: /^RangeError$/,
  },
  "sorts-with-a-comparator-that-never-ends": {
    source: () => `export default { start() { setTimeout(() => [1, 2].sort(() => { for (;;); }), 20) } };`,
    becomes: "unresponsive",
  },
  "grows-a-string": {
    source: () =>
      `export default { start() { setTimeout(() => {
      const all = []; for (;;) { let s = "x"; for (let i = 0; i < 24; i++) s += s; all.push(s.split("")) }
    }, 20) } };`,
    limits: { memory_mb: 24 },
    becomes: "out_of_memory",
  },
  "shares-memory-with-itself": {
    source: () =>
      `export default { start() { setTimeout(() => {
      const all = []; for (;;) all.push(new Uint8Array(new SharedArrayBuffer(8 << 20)).fill(1));
    }, 20) } };`,
    limits: { memory_mb: 24 },
    becomes: "out_of_memory",
  },
  "compresses-without-end": {
    source: () =>
      tries({
        bomb: `(async () => {
      const stream = new CompressionStream("gzip"); const writer = stream.writable.getWriter();
      for (let i = 0; i < 64; i++) writer.write(new Uint8Array(1 << 20)).catch(() => {});
      return undefined;
    })()`,
      }),
  },
};
