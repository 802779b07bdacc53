import { type Attacks, NOTHING, tries } from "./_attack.ts";

/** Looks at everything that can be reached from the global object for what only the host should have. */
const CRAWL = `
  const wanted = ["readTextFile", "openKv", "Command", "dlopen", "connect", "listen", "readFileSync", "binding", "mainModule",
    "postMessage", "importScripts", "createRequire", "openStdin", "execPath", "serve", "runMicrotasks", "op_read"];
  const seen = new Set(), found = [], queue = [[globalThis, "globalThis"]];
  while (queue.length > 0 && seen.size < 200000) {
    const [object, path] = queue.shift();
    if ((typeof object !== "object" && typeof object !== "function") || object === null || seen.has(object)) continue;
    seen.add(object);
    let keys = [];
    try { keys = Reflect.ownKeys(object); } catch { continue; }
    for (const key of keys) {
      let value;
      try {
        const descriptor = Reflect.getOwnPropertyDescriptor(object, key);
        value = descriptor.get ? descriptor.get : descriptor.value;
        if (wanted.includes(key) && !/MessagePort|SharedWorker/.test(path)) found.push(path + "." + String(key));
        queue.push([value, path + "." + String(key)]);
        if (descriptor.get) { try { queue.push([Reflect.get(object, key), path + "." + String(key)]); } catch {} }
      } catch {}
    }
    try { queue.push([Object.getPrototypeOf(object), path + ".__proto__"]); } catch {}
  }
`;

/** Reading, writing, the environment, the host: what a module should not find at all. */
export const REACH: Attacks = {
  "reads-files": {
    source: ({ secretFile }) =>
      tries({
        deno: `Deno.readTextFileSync(${JSON.stringify(secretFile)})`,
        global: `globalThis["De" + "no"].readTextFileSync(${JSON.stringify(secretFile)})`,
        fetch: `(await fetch("file://${secretFile}")).text()`,
        xhr:
          `(() => { const x = new XMLHttpRequest(); x.open("GET", "file://${secretFile}", false); x.send(); return x.responseText })()`,
        require: `require("node:fs").readFileSync(${JSON.stringify(secretFile)}, "utf8")`,
        builtin: `process.getBuiltinModule("node:fs").readFileSync(${JSON.stringify(secretFile)}, "utf8")`,
        binding: `process.binding("fs")`,
        main: `process.mainModule.require("fs")`,
      }),
    says: NOTHING,
  },
  "imports-a-file-as-json": {
    source: ({ secretFile }) =>
      `import secret from "file://${secretFile}" with { type: "json" };
      export default { start(node) { node.log.info(JSON.stringify(secret)) } };`,
    becomes: "IMPORT_NOT_ALLOWED",
  },
  "imports-a-file-by-literal": {
    source: ({ secretFile }) =>
      `export default { async start(node) { node.log.info(String(await import("file://${secretFile}"))) } };`,
    becomes: "IMPORT_NOT_ALLOWED",
  },
  "imports-by-computed-name": {
    source: ({ secretFile }) =>
      `export default { async start(node) { await import(["file://", "${secretFile}"].join("")) } };`,
    becomes: "IMPORT_NOT_ALLOWED",
  },
  "imports-node-builtins": {
    source: () => `import { readFileSync } from "node:fs"; export default { start() { readFileSync } };`,
    becomes: "IMPORT_NOT_ALLOWED",
  },
  "imports-from-npm": {
    source: () => `import x from "npm:left-pad@1.3.0"; export default { start() { x } };`,
    becomes: "IMPORT_NOT_ALLOWED",
  },
  "imports-over-the-network": {
    source: ({ canary }) => `import x from "${canary}/x.js"; export default { start() { x } };`,
    becomes: "IMPORT_NOT_ALLOWED",
  },
  "imports-hidden-in-comments": {
    source: ({ canary }) =>
      `export default { async start() { await import /* it's "fine" */ ( /**/ "${canary}/y.js" ) } };`,
    becomes: "IMPORT_NOT_ALLOWED",
  },
  "imports-hidden-by-a-regular-expression": {
    source: ({ canary }) =>
      `const a = 1, g = 2; const b = a /import("x")/ g; export default { async start() { await import("${canary}") } };`,
    becomes: "IMPORT_NOT_ALLOWED",
  },
  "imports-hidden-in-a-template": {
    source: ({ canary }) =>
      `export default { async start(node) { node.log.info(\`\${await import("${canary}/t.js")}\`) } };`,
    becomes: "IMPORT_NOT_ALLOWED",
  },
  "re-exports-a-file": {
    source: ({ secretFile }) => `export * from "file://${secretFile}"; export default { start() {} };`,
    becomes: "IMPORT_NOT_ALLOWED",
  },
  "asks-where-it-is": {
    source: () => `export default { start(node) { node.log.info(import.meta.url) } };`,
    becomes: "IMPORT_NOT_ALLOWED",
  },
  "makes-code-from-text": {
    source: ({ secretFile }) => {
      const code = `"return import('file://${secretFile}')"`;
      return tries({
        eval: `eval("1")`,
        indirect: `(0, eval)("globalThis.a = 1")`,
        Function: `new Function(${code})()`,
        constructor: `(() => {}).constructor(${code})()`,
        async: `(async () => {}).constructor(${code})()`,
        generator: `[...(function* () {}).constructor(${code})()]`,
        asyncGenerator: `(async function* () {}).constructor(${code})().next()`,
        timer: `setTimeout("globalThis.b = 1")`,
        interval: `setInterval("globalThis.c = 1", 1)`,
        construct: `Reflect.construct(Function, [${code}])()`,
        subclass: `new (class extends Function {})(${code})()`,
        bound: `Function.prototype.bind.call(Function, null)(${code})()`,
        proxy: `new (new Proxy(Function, {}))(${code})()`,
        array: `[].flat.constructor(${code})()`,
        stack:
          `(() => { Error.prepareStackTrace = (_, s) => s; return new Error().stack[0].getFunction()?.constructor(${code}) })()`,
      });
    },
    says: NOTHING,
  },
  "crawls-all-it-can-reach": {
    source: () => `${CRAWL} export default { start(node) { node.log.info(JSON.stringify(found)) } };`,
    says: /^\[\]$/,
  },
  "crawls-what-the-node-gave-it": {
    source: () =>
      `export default { start(node) { ${CRAWL.replace('[[globalThis, "globalThis"]]', '[[node, "node"]]')}
      node.log.info(JSON.stringify(found)) } };`,
    says: /^\[\]$/,
  },
  "climbs-call-sites": {
    source: () => `
      const caught = [];
      Error.prepareStackTrace = (_, sites) => {
        for (const site of sites) {
          const self = site.getThis?.(), fn = site.getFunction?.();
          if (self !== undefined && self !== globalThis) caught.push("this");
          if (fn !== undefined) caught.push("function");
        }
        return "";
      };
      export default { async start(node) {
        new Error().stack;
        await node.storage.get(["k"]).catch((error) => error.stack);
        node.log.info(JSON.stringify(caught));
      } };`,
    says: /^\[\]$/,
  },
  "uses-what-deno-left-in-symbols": {
    source: () =>
      tries({
        internal: `globalThis[Symbol.for("Deno.internal")]`,
        custom: `console[Symbol.for("Deno.customInspect")]`,
        bootstrap: `globalThis.__bootstrap ?? globalThis.bootstrap`,
        node: `globalThis[Symbol.for("nodejs.util.inspect.custom")]`,
      }),
    says: NOTHING,
  },
  "writes-to-disk": {
    source: ({ emptyFolder }) =>
      tries({
        deno: `Deno.writeTextFileSync("${emptyFolder}/a", "x")`,
        kv: `Deno.openKv("${emptyFolder}/b")`,
        caches: `caches.open("x")`,
        local: `localStorage.setItem("x", "y")`,
        session: `sessionStorage.setItem("x", "y")`,
        idb: `indexedDB.open("x")`,
        opfs: `navigator.storage.getDirectory()`,
        cookie: `cookieStore.set("a", "b")`,
        fs: `require("fs").writeFileSync("${emptyFolder}/c", "x")`,
      }),
    says: NOTHING,
  },
  "reads-the-environment": {
    source: () =>
      tries({
        deno: `Deno.env.toObject()`,
        process: `JSON.stringify(process.env)`,
        argv: `process.argv`,
        args: `Deno.args`,
        cwd: `process.cwd()`,
        exec: `Deno.execPath()`,
        pid: `Deno.pid`,
        host: `Deno.hostname()`,
        memory: `Deno.memoryUsage()`,
        agent: `navigator.userAgent`,
        cores: `navigator.hardwareConcurrency`,
        where: `location.href`,
        fonts: `Deno.systemMemoryInfo()`,
      }),
    says: NOTHING,
  },
  "talks-to-other-modules-by-broadcast": {
    source: () =>
      tries({
        channel: `new BroadcastChannel("x").postMessage("hi")`,
        shared: `new SharedWorker("data:text/javascript,")`,
        locks: `navigator.locks.request("x", () => "got")`,
        port: `postMessage("hi")`,
        self: `self.postMessage("hi")`,
        parent: `parent.postMessage("hi")`,
      }),
    says: NOTHING,
  },
  "asks-the-operator-for-permission": {
    source: () =>
      tries({
        request: `Deno.permissions.request({ name: "read" })`,
        navigator: `navigator.permissions.query({ name: "read" })`,
        prompt: `prompt("password?")`,
        confirm: `confirm("sure?")`,
        alert: `alert("hello")`,
      }),
    says: NOTHING,
  },
};

/** The network, with and without the capability. */
export const NETWORK: Attacks = {
  "reaches-out-without-net": {
    source: ({ canary, node }) =>
      tries({
        fetch: `(await fetch("${canary}/")).status`,
        request: `(await fetch(new Request("${canary}/", { method: "POST", body: "x" }))).status`,
        api: `(await fetch("${node}/api/v1/modules/hello/unload", { method: "POST" })).status`,
        socket: `new Promise((r, j) => { const s = new WebSocket("${
          canary.replace("http", "ws")
        }"); s.onopen = r; s.onerror = j })`,
        source: `new EventSource("${canary}")`,
        beacon: `navigator.sendBeacon("${canary}", "x")`,
        xhr: `new XMLHttpRequest()`,
        rtc: `new RTCPeerConnection()`,
        transport: `new WebTransport("${canary.replace("http", "https")}")`,
        stream: `new WebSocketStream("${canary.replace("http", "ws")}")`,
        wasm: `WebAssembly.compileStreaming(fetch("${canary}"))`,
        worker: `new Worker("${canary}/w.js", { type: "module" })`,
        scripts: `importScripts("${canary}/w.js")`,
        deno: `Deno.connect({ port: ${new URL(canary).port} })`,
        dns: `Deno.resolveDns("example.org", "A")`,
      }),
    says: NOTHING,
  },
  "reaches-beyond-its-grant": {
    capabilities: ["net"],
    net: ({ granted }) => [granted],
    approve: true,
    source: ({ canary, granted, node }) => {
      const { port } = new URL(canary);
      const ask = (url: string) => `(await fetch("${url}")).status`;
      return tries({
        granted:
          `(await (await fetch("http://${granted}/")).text()) === "granted" ? undefined : "not even the grant"`,
        other: ask(canary),
        redirect: ask(`http://${granted}/redirect`),
        localhost: ask(`http://localhost:${port}/`),
        short: ask(`http://127.1:${port}/`),
        hex: ask(`http://0x7f000001:${port}/`),
        decimal: ask(`http://2130706433:${port}/`),
        any: ask(`http://0.0.0.0:${port}/`),
        mapped: ask(`http://[::ffff:127.0.0.1]:${port}/`),
        v6: ask(`http://[::1]:${port}/`),
        user: ask(`http://${granted}@127.0.0.1:${port}/`),
        api: ask(`${node}/api/v1/node`),
        socket:
          `new Promise((r, j) => { const s = new WebSocket("ws://127.0.0.1:${port}"); s.onopen = () => r("open"); s.onerror = j })`,
        file: ask(`file:///etc/hostname`),
        unix: `(await fetch("http://localhost/", { client: Deno.createHttpClient({ proxy: {} }) })).status`,
      });
    },
    says: NOTHING,
  },
  "asks-for-net-without-approval": {
    capabilities: ["net"],
    net: ({ granted }) => [granted],
    source: () => `export default { start() {} };`,
    becomes: "NEEDS_APPROVAL",
  },
  "asks-for-a-wildcard-host": {
    capabilities: ["net"],
    net: () => ["*:443"],
    source: () => `export default { start() {} };`,
    becomes: "MANIFEST_INVALID",
  },
  "asks-for-a-unix-socket": {
    capabilities: ["net"],
    net: () => ["unix:/run/x:1"],
    source: () => `export default { start() {} };`,
    becomes: "MANIFEST_INVALID",
  },
  "adds-a-permission-flag-in-a-host": {
    capabilities: ["net"],
    net: () => ["a:1,b:2", "--allow-all:1"],
    source: () => `export default { start() {} };`,
    becomes: "MANIFEST_INVALID",
  },
};

/** Processes and signals. */
export const PROCESSES: Attacks = {
  "ends-or-signals-processes": {
    source: () =>
      tries({
        kill: `Deno.kill(Deno.pid, "SIGKILL")`,
        parent: `process.kill(process.ppid)`,
        exit: `Deno.exit(0)`,
        processExit: `process.exit(0)`,
        really: `process.reallyExit(0)`,
        abort: `process.abort()`,
        close: `close()`,
        selfClose: `self.close()`,
        listener: `Deno.addSignalListener("SIGTERM", () => {})`,
        command: `new Deno.Command("sh").spawn()`,
        child: `require("child_process").execSync("id")`,
        dlopen: `Deno.dlopen("libc.so.6", {})`,
        worker: `new Worker("data:text/javascript,for(;;);", { type: "module" })`,
        threads: `process.getBuiltinModule("worker_threads")`,
        vm: `process.getBuiltinModule("vm")`,
        inspector: `process.getBuiltinModule("inspector")`,
      }),
    says: NOTHING,
  },
  "pretends-to-be-the-main-thread": {
    source: () => `
      const start = { shared: new SharedArrayBuffer(32), socketPath: "/tmp/x", net: [] };
      globalThis.dispatchEvent(new MessageEvent("message", { data: start }));
      export default { start(node) { node.log.info("alive") } };`,
    says: /^alive$/,
  },
  "tells-the-watchdog-that-it-is-alive-while-it-spins": {
    source: () =>
      `export default { start() { setTimeout(() => { for (;;) dispatchEvent(new Event("message")) }, 20) } };`,
    becomes: "unresponsive",
  },
  "stops-the-heartbeat": {
    source: () => `
      for (let id = 0; id < 10000; id++) { clearInterval(id); clearTimeout(id); }
      export default { start() {} };`,
    becomes: "unresponsive",
  },
};
