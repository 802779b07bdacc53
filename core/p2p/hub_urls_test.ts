import { expect } from "expect";
import { hubAddresses, type HubAddressesOptions } from "./hub_fetch.ts";
import { HubUrls } from "./hub_urls.ts";

const open = new HubUrls({ allowPrivate: false });
/** 253 characters, as many as a name may have. */
const LONGEST_NAME = `${"a".repeat(60)}.${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(62)}.example`;
const inside = new HubUrls({ allowPrivate: true });

Deno.test("HubUrls.judge() takes public URLs", async (t) => {
  const rows: readonly (readonly [string, string])[] = [
    ["", ""],
    ["http://node.example", "http://node.example"],
    ["https://Node.EXAMPLE:8090/Api/v1?a=B#c", "https://node.example:8090/Api/v1?a=B#c"],
    ["HTTPS://node.example/", "https://node.example/"],
    ["http://node.example./x", "http://node.example/x"],
    ["http://node.example..:80/x.", "http://node.example:80/x."],
    [`http://${LONGEST_NAME}./x`, `http://${LONGEST_NAME}/x`],
    ["http://8.8.8.8/", "http://8.8.8.8/"],
    ["http://203.0.113.5/", "http://203.0.113.5/"],
    ["http://[2001:db8::1]/", "http://[2001:db8::1]/"],
    ["http://[2001:4860:4860::8888]:80/", "http://[2001:4860:4860::8888]:80/"],
  ];
  for (const [text, url] of rows) {
    await t.step(text, () => expect(open.judge(text)).toEqual({ state: "good", url }));
  }
});

Deno.test("HubUrls.judge() knows private hosts in every spelling", async (t) => {
  const hosts = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "localhost..",
    "a.localhost",
    "node.local",
    "metadata.google.internal",
    "box.home.arpa",
    `${"a".repeat(56)}.onion`,
    "node.alt",
    "node.invalid.",
    "intranet",
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "0x7f.1",
    "017700000001",
    "2130706433",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "[::1]",
    "[fe80::1]",
    "[fc00::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a00:1]",
  ];
  for (const host of hosts) {
    await t.step(host, () => {
      expect(open.judge(`http://${host}:80/x`).state).toBe("private");
      expect(open.usable(`http://${host}:80/x`)).toBe("");
      expect(inside.judge(`http://${host}:80/x`).state).toBe("good");
    });
  }
});

Deno.test("HubUrls.judge() refuses what no server answers for, also inside a network", async (t) => {
  const urls = [
    "ftp://node.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "node.example",
    "http://",
    "http:/node.example",
    "http://user@node.example/",
    "http://user:secret@node.example/",
    "http://@node.example/",
    "http://node.example/\0",
    "http://node.example/ x",
    "http://node.example\\@evil.example/",
    'http://node.example/"><script>',
    "http://nöde.example/",
    "http://node.example:99999/",
    "http://0.0.0.0/",
    "http://255.255.255.255/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://[::]/",
    "http://[ff02::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    `http://node.example/${"x".repeat(2048)}`,
    `http://${LONGEST_NAME}a/`,
    `http://a${".".repeat(2_000)}x/`, // costs a pattern for the dots at the end seven milliseconds
    `http://${"a.".repeat(1_000)}example/`,
  ];
  for (const url of urls) {
    await t.step(url.slice(0, 60), () => {
      expect([open.judge(url).state, inside.judge(url).state]).toEqual(["malformed", "malformed"]);
    });
  }
});

Deno.test("HubUrls.judge() compares blocked hosts by their name only", async (t) => {
  const hubs = new HubUrls({
    allowPrivate: false,
    blocked: ["https://Evil.example:8443/path", "bad.example.", "", "203.0.114.7"],
  });
  const rows: readonly (readonly [string, string])[] = [
    ["http://evil.example/", "blocked"],
    ["https://EVIL.example./other", "blocked"],
    ["http://bad.example:1/", "blocked"],
    ["http://203.0.114.7/", "blocked"],
    ["http://0xcb.0.0x72.7/", "blocked"],
    ["http://evil.example.org/", "good"],
    ["", "good"],
  ];
  for (const [url, state] of rows) await t.step(url, () => expect(hubs.judge(url).state).toBe(state));
});

Deno.test("hubAddresses() judges what a name resolves to at that moment", async (t) => {
  const ask = (url: string, addresses: readonly string[], options: Partial<HubAddressesOptions> = {}) =>
    hubAddresses(url, {
      hubs: open,
      allowPrivate: false,
      resolve: () => Promise.resolve(addresses),
      ...options,
    });
  await t.step("public ones are answered", async () => {
    const both = ["8.8.8.8", "2001:4860:4860::8888"];
    expect(await ask("http://node.example/", both)).toEqual(both);
  });
  await t.step("an address is its own", async () => {
    expect(await ask("http://8.8.8.8/", [])).toEqual(["8.8.8.8"]);
    expect(await ask("http://[2001:4860:4860::8888]/", [])).toEqual(["2001:4860:4860::8888"]);
  });
  const refused: readonly (readonly [string, string, readonly string[], string])[] = [
    ["one private among public ones", "http://node.example/", ["8.8.8.8", "10.0.0.1"], "PRIVATE_URL"],
    ["mapped loopback", "http://node.example/", ["::ffff:127.0.0.1"], "PRIVATE_URL"],
    ["unspecified", "http://node.example/", ["0.0.0.0"], "PRIVATE_URL"],
    ["what is no address", "http://node.example/", ["nonsense"], "PRIVATE_URL"],
    ["none", "http://node.example/", [], "UNRESOLVED_HOST"],
    ["a private URL", "http://localhost/", ["8.8.8.8"], "PRIVATE_URL"],
    ["a malformed URL", "ftp://node.example/", ["8.8.8.8"], "BAD_URL"],
    ["no URL", "", ["8.8.8.8"], "BAD_URL"],
  ];
  for (const [name, url, addresses, code] of refused) {
    await t.step(name, () => expect(ask(url, addresses)).rejects.toMatchObject({ code }));
  }
  await t.step("inside a private network private addresses are fine, others still not", async () => {
    const options = { hubs: inside, allowPrivate: true };
    expect(await ask("http://node.local/", ["10.0.0.1"], options)).toEqual(["10.0.0.1"]);
    await expect(ask("http://node.local/", ["0.0.0.0"], options)).rejects.toMatchObject({
      code: "PRIVATE_URL",
    });
  });
  await t.step("a failure of the resolver is told", async () => {
    const resolve = () => Promise.reject(new Error("no such host"));
    await expect(ask("http://node.example/", [], { resolve })).rejects.toMatchObject({
      code: "UNRESOLVED_HOST",
    });
  });
  await t.step("an abort stays an abort", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(ask("http://node.example/", ["8.8.8.8"], { signal })).rejects.toThrow("enough");
  });
});
