import { expect } from "expect";
import { CommonsError } from "../base/mod.ts";
import { parseManifest } from "./manifest.ts";
import type { Manifest } from "./manifest_types.ts";

const MINIMAL = 'name = "hello"\nversion = "1.0.0"\nentry_point = "mod.ts"\n';
const KEY = "ab".repeat(32);
const SIGNATURE = "cd".repeat(64);

function read(text: string | Uint8Array): Manifest {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return parseManifest(bytes, { file: "module.toml" });
}

function failure(text: string | Uint8Array): CommonsError {
  try {
    read(text);
  } catch (error) {
    if (error instanceof CommonsError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

Deno.test("parseManifest() fills in what a minimal file leaves out", () => {
  const manifest = read(MINIMAL);
  expect(manifest).toMatchObject({
    name: "hello",
    version: "1.0.0",
    entryPoint: "mod.ts",
    description: "",
    author: "",
    capabilities: [],
    net: [],
    signed: false,
    rpcOverrides: [],
    limits: {},
    compatibility: {},
    downloads: [],
  });
  expect([manifest.binary, manifest.signatures, manifest.payment]).toEqual([undefined, undefined, undefined]);
  expect(Object.isFrozen(manifest) && Object.isFrozen(manifest.capabilities)).toBe(true);
});

Deno.test("parseManifest() reads every field", () => {
  const manifest = read(`${MINIMAL.replace("mod.ts", "./src/mod.js")}
description = "Ünïcode is fine here"
author = "Ada <ada@example.org>"
capabilities = ["net", "read_blockchain"]
rpc_overrides = ["getdescriptorinfo"]
[dependencies]
commons-node = ">=0.1.0,<1.0.0"
[optional_dependencies]
blvm-mesh = "^1"
[config_schema]
"pool.url" = "Where the pool is"
[permissions]
net = ["API.example.org:443", "127.0.0.1:80", "[::1]:8080"]
[limits]
memory_mb = 64
startup_ms = 5000
event_queue = 256
requests_per_second = 50
[compatibility]
node = ">=0.1.0"
sdk = 1
[binary]
hash = "${KEY.toUpperCase()}"
size = 1234
[signatures]
threshold = "1-of-2"
maintainers = [
  { name = "ada", public_key = "${KEY}", signature = "${SIGNATURE}" },
  { name = "bob", public_key = "02${KEY}", signature = "${SIGNATURE}" },
]
[payment]
required = true
price_sats = 1000
author_address = "bc1qexample"
[downloads.x86_64-linux]
url = "https://example.org/x"
sha256 = "${KEY}"
`);
  expect(manifest.entryPoint).toBe("src/mod.js");
  expect(manifest.capabilities).toEqual(["net", "read_blockchain"]);
  expect(manifest.net).toEqual(["api.example.org:443", "127.0.0.1:80", "[::1]:8080"]);
  expect({ ...manifest.dependencies }).toEqual({ "commons-node": ">=0.1.0 <1.0.0" });
  expect({ ...manifest.optionalDependencies }).toEqual({ "blvm-mesh": "^1" });
  expect(manifest.signed).toBe(true);
  expect(manifest.configSchema["pool.url"]).toBe("Where the pool is");
  expect(manifest.limits).toEqual({ memoryMb: 64, startupMs: 5000, eventQueue: 256, requestsPerSecond: 50 });
  expect(manifest.compatibility).toEqual({ node: ">=0.1.0", sdk: 1 });
  expect(manifest.binary).toEqual({ hash: `sha256:${KEY}`, size: 1234 });
  expect(manifest.signatures?.threshold).toEqual({ m: 1, n: 2 });
  expect(manifest.signatures?.maintainers.map((one) => one.publicKey)).toEqual([KEY, `02${KEY}`]);
  expect(manifest.payment).toEqual({ required: true, priceSats: 1000, authorAddress: "bc1qexample" });
  expect(manifest.downloads.length).toBe(1);
  expect(Object.keys(manifest.raw)).toContain("signatures");
});

Deno.test("parseManifest() names the key of every fault", async (t) => {
  const without = (key: string) => MINIMAL.split("\n").filter((line) => !line.startsWith(key)).join("\n");
  const rows: [title: string, text: string, key: string, message: string | RegExp][] = [
    ["no name", without("name"), "name", "is missing"],
    ["no version", without("version"), "version", "is missing"],
    ["no entry", without("entry_point"), "entry_point", "is missing"],
    ["upper-case name", MINIMAL.replace("hello", "Hello"), "name", /a-z/],
    ["Cyrillic look-alike", MINIMAL.replace("hello", "hellо"), "name", /a-z/],
    ["full-width look-alike", MINIMAL.replace("hello", "ｈello"), "name", /a-z/],
    ["name with path", MINIMAL.replace("hello", "../x"), "name", /a-z/],
    ["long name", MINIMAL.replace("hello", "a".repeat(65)), "name", /64/],
    ["bad version", MINIMAL.replace("1.0.0", "one"), "version", /version/],
    ["unknown key", MINIMAL + 'nmae = "x"', "nmae", /did you mean "name"/],
    ["unknown section", MINIMAL + "[governance]\ntier = 1", "governance", /unknown key/],
    ["unknown limit", MINIMAL + "[limits]\nmemory = 1", "limits.memory", /memory_mb/],
    [
      "unknown capability",
      MINIMAL + 'capabilities = ["read_blockchian"]',
      "capabilities[0]",
      /read_blockchain/,
    ],
    [
      "prototype capability",
      MINIMAL + 'capabilities = ["toString"]',
      "capabilities[0]",
      /unknown capability/,
    ],
    ["capability twice", MINIMAL + 'capabilities = ["mesh", "mesh"]', "capabilities[1]", /twice/],
    ["capability a number", MINIMAL + "capabilities = [1]", "capabilities[0]", /need a text/],
    ["capabilities a text", MINIMAL + 'capabilities = "mesh"', "capabilities", /need a list/],
    [
      "net without capability",
      MINIMAL + '[permissions]\nnet = ["a.example:1"]',
      "permissions.net",
      /capability/,
    ],
    ["memory too small", MINIMAL + "[limits]\nmemory_mb = 1", "limits.memory_mb", /16 to 4096/],
    ["memory a fraction", MINIMAL + "[limits]\nmemory_mb = 16.5", "limits.memory_mb", /whole number/],
    ["memory a text", MINIMAL + '[limits]\nmemory_mb = "64"', "limits.memory_mb", /whole number/],
    ["a date", MINIMAL + "description = 1979-05-27", "description", /a date/],
    ["constraint", MINIMAL + '[dependencies]\nother = "newest"', "dependencies.other", /constraint/],
    [
      "dependency name",
      MINIMAL + '[dependencies]\n"Bad Name" = "*"',
      'dependencies."Bad Name"',
      /module name/,
    ],
    ["own dependency", MINIMAL + '[dependencies]\nhello = "*"', "dependencies", /itself/],
    ["sdk", MINIMAL + "[compatibility]\nsdk = 0", "compatibility.sdk", /1 to 1000/],
    ["hash", MINIMAL + '[binary]\nhash = "md5:00"', "binary.hash", /sha256/],
    ["size", MINIMAL + "[binary]\nsize = 99999999", "binary.size", /need 1 to/],
    ["price", MINIMAL + "[payment]\nrequired = true", "payment.price_sats", /missing/],
    ["control character", MINIMAL + 'author = "a\\u001b[31m"', "author", /control/],
    ["direction override", MINIMAL + 'author = "a\\u202eb"', "author", /direction/],
    ["signed, no hash", signed(`"1-of-1"`).replace(/\[binary\][^[]*/, ""), "binary", /hash is missing/],
    ["threshold 0", signed(`"0-of-1"`), "signatures.threshold", /m-of-n/],
    ["threshold never", signed(`"2-of-1"`), "signatures.threshold", /never/],
    ["key twice", signed(`"1-of-2"`, 2), "signatures.maintainers", /twice/],
    ["n too small", signed(`"1-of-1"`, 2), "signatures.threshold", /n is 1/],
    ["rpc override", MINIMAL + 'rpc_overrides = ["a b"]', "rpc_overrides[0]", /method/],
  ];
  for (const [title, text, key, message] of rows) {
    await t.step(title, () => {
      const error = failure(text);
      expect(error.code).toBe("MANIFEST_INVALID");
      expect(error.detail?.faults).toContainEqual({ key, message: expect.stringMatching(message) });
      expect(error.message).toContain(key);
    });
  }
});

function signed(threshold: string, entries = 1): string {
  const entry = `{ name = "a", public_key = "${KEY}", signature = "${SIGNATURE}" }`;
  return `${MINIMAL}[binary]\nhash = "${KEY}"\n[signatures]\nthreshold = ${threshold}\nmaintainers = [${
    Array(entries).fill(entry).join(",")
  }]\n`;
}

Deno.test("parseManifest() tells all faults at once", () => {
  const faults = failure('name = "Bad"\nversion = 1\nx = 1\n[limits]\nmemory_mb = 0').detail?.faults;
  expect(Array.isArray(faults) && faults.map((fault) => fault.key).sort()).toEqual([
    "entry_point",
    "limits.memory_mb",
    "name",
    "version",
    "x",
  ]);
});

Deno.test("parseManifest() keeps prototypes out of reach", async (t) => {
  const rows = [
    MINIMAL + "[__proto__]\npolluted = true",
    MINIMAL + '"__proto__".polluted = true',
    MINIMAL + "[limits.__proto__]\npolluted = true",
    MINIMAL + "[limits]\n__proto__ = { memory_mb = 64 }",
    MINIMAL + "[config_schema]\n__proto__ = 'x'",
    MINIMAL + "[downloads.__proto__]\nurl = 'https://x'",
    MINIMAL + "[constructor.prototype]\npolluted = true",
    "[__proto__]\nname = 'hello'\nversion = '1.0.0'\nentry_point = 'mod.ts'",
  ];
  for (const text of rows) {
    await t.step(text.split("\n").slice(-2).join(" "), () => {
      expect(failure(text).code).toBe("MANIFEST_INVALID");
      expect(Reflect.get({}, "polluted")).toBe(undefined);
    });
  }
});

Deno.test("parseManifest() refuses bytes that are no manifest", async (t) => {
  const encode = (text: string) => new TextEncoder().encode(text);
  const rows: [title: string, bytes: Uint8Array, code: string, line?: number][] = [
    ["64 KiB and one byte", encode(MINIMAL + "#".repeat(65_537 - MINIMAL.length)), "MANIFEST_TOO_LARGE"],
    ["invalid UTF-8", new Uint8Array([...encode(MINIMAL), 0x23, 0xff]), "MANIFEST_SYNTAX"],
    ["surrogate in UTF-8", new Uint8Array([...encode(MINIMAL), 0x23, 0xed, 0xa0, 0x80]), "MANIFEST_SYNTAX"],
    ["no value", encode(MINIMAL + "author = \n"), "MANIFEST_SYNTAX", 4],
    ["key twice", encode(MINIMAL + 'name = "other"\n'), "MANIFEST_SYNTAX", 4],
    ["NUL byte", encode(MINIMAL + 'author = "\0"\n'), "MANIFEST_SYNTAX", 4],
    ["lists in lists", encode("a=" + "[".repeat(60_000)), "MANIFEST_SYNTAX"],
    ["tables in tables", encode("a=" + "{a=".repeat(15_000)), "MANIFEST_SYNTAX"],
    ["long dotted key", encode("a.".repeat(20_000) + "a=1"), "MANIFEST_INVALID"],
    ["closed deep lists", encode("a=" + "[".repeat(500) + "]".repeat(500)), "MANIFEST_INVALID"],
    ["inexact integer", encode(MINIMAL + "x = 9007199254740993"), "MANIFEST_SYNTAX"],
    ["empty", new Uint8Array(), "MANIFEST_INVALID"],
  ];
  for (const [title, bytes, code, line] of rows) {
    await t.step(title, () => {
      const error = failure(bytes);
      expect(error.code).toBe(code);
      if (line !== undefined) expect(error.detail?.line).toBe(line);
    });
  }
});

Deno.test("parseManifest() takes exactly 64 KiB, a byte order mark and CRLF", () => {
  expect(read(MINIMAL + "#".repeat(65_536 - MINIMAL.length)).name).toBe("hello");
  expect(read("\ufeff" + MINIMAL).name).toBe("hello");
  expect(read(MINIMAL.replaceAll("\n", "\r\n")).version).toBe("1.0.0");
});

Deno.test("parseManifest() confines the entry point", async (t) => {
  const bad = [
    "../mod.ts",
    "a/../../mod.ts",
    "a/..",
    "/etc/mod.ts",
    "C:/mod.ts",
    "a\\\\mod.ts",
    "",
    ".",
    "./",
    "a//mod.ts",
    ".hidden/mod.ts",
    "mod",
    "mod.wasm",
    "mod.tsx",
    "mod.js/",
    "file:///mod.ts",
    "mod%2ets",
    "mod .ts",
    "mоd.ts",
    "a/" + "b".repeat(260) + ".ts",
  ];
  for (const path of bad) {
    await t.step(JSON.stringify(path.slice(0, 30)), () => {
      const error = failure(MINIMAL.replace("mod.ts", path));
      expect(error.detail?.faults).toContainEqual(expect.objectContaining({ key: "entry_point" }));
    });
  }
});

Deno.test("parseManifest() takes plain endpoints only", async (t) => {
  const head = MINIMAL + 'capabilities = ["net"]\n[permissions]\nnet = [';
  const bad = [
    "example.org",
    "example.org:0",
    "example.org:65536",
    "example.org:080",
    "example.org:",
    "*.example.org:443",
    "https://example.org:443",
    "example.org:443/path",
    "user@example.org:443",
    "::1:443",
    "[::1]",
    "[::g]:443",
    "127.1:80",
    "2130706433:80",
    "0x7f.0.0.1:80",
    "0x7f000001:80",
    "127.0.0.01:80",
    "256.0.0.1:80",
    "-a.example:80",
    "a..example:80",
    "ex ample.org:80",
    "exаmple.org:80",
    ":80",
    "example.org:80,other.org:80",
  ];
  for (const entry of bad) {
    await t.step(entry, () => {
      expect(failure(`${head}"${entry}"]`).detail?.faults).toContainEqual(
        expect.objectContaining({ key: "permissions.net[0]" }),
      );
    });
  }
  await t.step("twice in another case", () => {
    expect(failure(`${head}"a.example:1", "A.example:1"]`).code).toBe("MANIFEST_INVALID");
  });
  await t.step("65 entries", () => {
    const many = Array.from({ length: 65 }, (_, i) => `"a.example:${i + 1}"`);
    expect(failure(head + many.join(",") + "]").code).toBe("MANIFEST_INVALID");
  });
});
