import { expect } from "expect";
import { CommonsError } from "../base/mod.ts";
import {
  configSecrets,
  initConfigText,
  loadConfig,
  type LoadConfigInit,
  redactConfig,
  resolvePath,
} from "./mod.ts";
import { knownKeys } from "./nearest.ts";
import { sourceText } from "./problems.ts";

interface Setting {
  readonly text?: string;
  readonly set?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly dataDir?: string;
  readonly logFormat?: string;
}

function load(setting: Setting = {}) {
  const { text, set = [], env = {}, ...rest } = setting;
  const init: LoadConfigInit = { set, env, read: () => text ?? "", ...rest };
  return loadConfig(text === undefined ? init : { ...init, file: "my.toml" });
}

function failure(setting: Setting): CommonsError {
  try {
    load(setting);
  } catch (error) {
    if (error instanceof CommonsError) return error;
    throw error;
  }
  throw new Error("expected a failure");
}

Deno.test("loadConfig() gives the defaults of the contract", () => {
  const { config, warnings } = load();
  expect(config.node).toEqual({ name: "commons", network: "mainnet", data_dir: "./data" });
  expect(config.http.port).toBe(9906);
  expect(config.p2p.listen).toEqual(["/ip4/0.0.0.0/tcp/9905"]);
  expect(config.bans).toMatchObject({ default_duration: 86_400_000, max_entries: 1000, threshold: 100 });
  expect(config.modules.limits.memory_mb).toBe(64);
  expect(config.modules.settings).toEqual({});
  expect(warnings).toEqual([]);
});

Deno.test("default.toml holds every key with the default that the code has", () => {
  const { config, sources } = load({ text: initConfigText() });
  expect(config).toEqual(load().config);
  const written = new Set([...sources].filter(([, { layer }]) => layer === "file").map(([key]) => key));
  // A table without entries has no key of its own to be written.
  const missing = knownKeys().filter((key) => !written.has(key) && key !== "modules.trust");
  expect(missing).toEqual([]);
});

Deno.test("default.toml has a comment above every group of keys", () => {
  const blocks = initConfigText().split("\n\n").filter((block) => block.includes(" = "));
  for (const block of blocks) {
    const firstKey = block.split("\n").findIndex((line) => /^[a-z_]+ = /.test(line));
    const before = block.split("\n")[firstKey - 1];
    expect(firstKey === -1 || before?.startsWith("#")).toBe(true);
  }
});

Deno.test("the profiles and the example files load", async () => {
  for (const network of ["mainnet", "testnet", "testnet4", "signet", "regtest"]) {
    expect(load({ set: [`node.network="${network}"`] }).config.node.network).toBe(network);
  }
  const example = await Deno.readTextFile(new URL("../../config/module_trust.example.toml", import.meta.url));
  const { config } = load({ text: example });
  expect(Object.keys(config.modules.trust)).toEqual(["example-ed25519", "example-secp256k1"]);
  expect(config.modules.require_signatures).toBe(true);
});

Deno.test("loadConfig() lays flags over environment over file over profile over defaults", () => {
  const text = '[node]\nnetwork = "regtest"\nname = "file"\n[http]\nport = 1\n[log]\nlevel = "warn"';
  const env = { COMMONS_HTTP__PORT: "2", COMMONS_NODE__NAME: "env" };
  const { config, sources } = load({ text, env, set: ["http.port=3", "http.port=4"] });
  expect(config.p2p.share_private_addresses).toBe(true);
  expect(config.log.level).toBe("warn");
  expect(config.node.name).toBe("env");
  expect(config.http.port).toBe(4);
  const shown = Object.fromEntries([...sources].map(([key, source]) => [key, sourceText(source)]));
  expect(shown).toEqual({
    "p2p.share_private_addresses": "network profile regtest",
    "node.network": "my.toml",
    "node.name": "COMMONS_NODE__NAME",
    "http.port": "--set http.port",
    "log.level": "my.toml",
  });
  const off = load({ set: ["node.network=regtest", "p2p.share_private_addresses=false"] });
  expect(off.config.p2p.share_private_addresses).toBe(false);
});

Deno.test("loadConfig() reads values from texts as TOML or as text, whichever the key takes", async (t) => {
  const rows: [string, (config: ReturnType<typeof load>["config"]) => unknown, unknown][] = [
    ["node.name=12", (config) => config.node.name, "12"],
    ["node.name=true", (config) => config.node.name, "true"],
    ['node.name="quoted"', (config) => config.node.name, "quoted"],
    ["node.name=plain words", (config) => config.node.name, "plain words"],
    ["http.public_read=true", (config) => config.http.public_read, true],
    ["bans.default_duration=1h30m", (config) => config.bans.default_duration, 5_400_000],
    ['p2p.bootstrap=["/dns4/a/tcp/1"]', (config) => config.p2p.bootstrap, ["/dns4/a/tcp/1"]],
    ["governance.app.api_key=x=y", (config) => config.governance.app.api_key, "x=y"],
    ["modules.hello.limit=5", (config) => config.modules.settings["hello"], { limit: 5 }],
    ["modules.hello.text=five", (config) => config.modules.settings["hello"], { text: "five" }],
    ["modules.enabled.hello=1.2.x", (config) => config.modules.enabled, { hello: "1.2.x" }],
    ["modules.enabled.hello=1", (config) => config.modules.enabled, { hello: "1" }],
    ['modules.enabled=["hello"]', (config) => config.modules.enabled, { hello: "*" }],
    ['modules.enabled={hello = ">=0.1.0"}', (config) => config.modules.enabled, { hello: ">=0.1.0" }],
  ];
  for (const [setting, pick, value] of rows) {
    await t.step(setting, () => {
      expect(pick(load({ set: [setting] }).config)).toEqual(value);
    });
  }
});

Deno.test("loadConfig() merges module tables key by key", () => {
  const text =
    '[modules.hello]\na = 1\nb = "file"\nwhen = 2026-01-02\n[modules.hello.deep]\nx = [1, 2]\n[modules.empty]';
  const env = { COMMONS_MODULES__HELLO__B: "env", COMMONS_MODULES__HELLO__DEEP__Y: "2" };
  expect(load({ text, env }).config.modules.settings).toEqual({
    hello: { a: 1, b: "env", when: "2026-01-02", deep: { x: [1, 2], y: 2 } },
    empty: {},
  });
});

Deno.test("loadConfig() knows COMMONS_DATA_DIR and the flags of start", () => {
  expect(load({ env: { COMMONS_DATA_DIR: "/a" } }).config.node.data_dir).toBe("/a");
  expect(load({ env: { COMMONS_DATA_DIR: "/a" }, dataDir: "/b" }).config.node.data_dir).toBe("/b");
  expect(load({ dataDir: "123" }).config.node.data_dir).toBe("123");
  expect(load({ logFormat: "json" }).config.log.format).toBe("json");
  expect(failure({ logFormat: "xml" }).message).toContain("log.format must be one of");
  expect(failure({ dataDir: "/b", set: ["node.data_dir=/c"] }).code).toBe("CONFIG_CONTRADICTION");
  expect(failure({ env: { COMMONS_DATA_DIR: "/a", COMMONS_NODE__DATA_DIR: "/b" } }).code).toBe(
    "CONFIG_CONTRADICTION",
  );
});

Deno.test("loadConfig() ignores variables that are not settings", () => {
  const env = { PATH: "/bin", COMMONS_API_KEY: "x", COMMONS_: "x", XCOMMONS_A__B: "x", COMMONS: "x" };
  expect(load({ env }).sources.size).toBe(1); // the mainnet profile's
});

Deno.test("loadConfig() names unknown keys, their source and the nearest known key", async (t) => {
  const rows: [string, Setting, string[]][] = [
    ["in a file", { text: "[http]\nprot = 1" }, ["http.prot", "my.toml", "http.port"]],
    ["a section", { text: "[htpp]\nport = 1" }, ["htpp", "my.toml", "[http]"]],
    ["at the root", { text: "port = 1" }, ["port", "my.toml", "http.port"]],
    ["nested", { text: "[governance.app]\nenable = true" }, [
      "governance.app.enable",
      "governance.app.enabled",
    ]],
    ["limits", { text: "[modules.limits]\nmemory = 1" }, [
      "modules.limits.memory",
      "modules.limits.memory_mb",
    ]],
    ["an inherited name", { text: "[http]\ntoString = 1" }, ["http.toString"]],
    ["a prototype", { text: "[http]\n__proto__ = 1" }, ["http.__proto__"]],
    ["a flag", { set: ["p2p.listen_adr=1"] }, ["p2p.listen_adr", "--set", "p2p.listen"]],
    ["a variable", { env: { COMMONS_HTTP__PROT: "1" } }, ["http.prot", "COMMONS_HTTP__PROT", "http.port"]],
    ["a variable's section", { env: { COMMONS_X__Y: "1" } }, ["x.y", "COMMONS_X__Y"]],
    ["a variable with a gap", { env: { COMMONS_HTTP____PORT: "1" } }, ["COMMONS_HTTP____PORT"]],
    ["a seed system's name", { text: "p2p_static_peers = []" }, ["p2p_static_peers", "p2p.static_peers"]],
    ["the same in its section", { text: "[bans]\nban_max_entries = 1" }, [
      "bans.ban_max_entries",
      "bans.max_entries",
    ]],
    ["below a key", { set: ["http.port.x=1"] }, ["http.port.x", "http.port"]],
    ["a module's bad name", { text: '[modules."Bad Name"]\na = 1' }, ["modules.Bad Name"]],
    ["not a module's table", { text: "[modules]\nhello = 1" }, ["modules.hello"]],
  ];
  for (const [name, setting, parts] of rows) {
    await t.step(name, () => {
      const error = failure(setting);
      expect(error.code).toBe("CONFIG_UNKNOWN_KEY");
      for (const part of parts) expect(error.message).toContain(part);
    });
  }
});

Deno.test("loadConfig() names keys with a wrong value, and never shows the value", async (t) => {
  const rows: [string, Setting, string][] = [
    [
      "text for a number",
      { text: '[http]\nport = "80"' },
      "http.port must be a whole number from 0 to 65535 (my.toml)",
    ],
    ["number too large", { text: "[http]\nport = 65536" }, "http.port must be a whole number"],
    ["fraction", { text: "[http]\nport = 1.5" }, "http.port must be a whole number"],
    ["flag", { env: { COMMONS_HTTP__PUBLIC_READ: "yes" } }, "(COMMONS_HTTP__PUBLIC_READ)"],
    ["word", { text: '[p2p]\ndht = "none"' }, 'p2p.dht must be one of "private", "standard", "off"'],
    ["list", { text: '[p2p]\nlisten = "/ip4/0.0.0.0/tcp/1"' }, "p2p.listen must be a list of multiaddrs"],
    ["list entry", { text: '[p2p]\nlisten = ["0.0.0.0:1"]' }, "p2p.listen must be a list of multiaddrs"],
    ["duration", { text: "[bans]\ndefault_duration = 24" }, "bans.default_duration must be a duration"],
    [
      "duration text",
      { text: '[bans]\ndefault_duration = "1 day"' },
      "bans.default_duration must be a duration",
    ],
    ["key", { text: '[p2p]\nshared_key = "53c237"' }, "p2p.shared_key must be"],
    ["table", { text: "http = 1" }, "http must be a table"],
    ["inner table", { text: "[modules]\nlimits = 1" }, "modules.limits must be a table"],
    ["trust", { text: '[modules.trust]\na = "53c237"' }, "modules.trust must be a table of names"],
    [
      "control character",
      { text: '[lightning]\napi_key = "53c237\\n"' },
      "lightning.api_key must be text in one line",
    ],
    ["module setting", { text: "[modules.hello]\na = nan" }, "modules.hello must be a finite number"],
    ["section by flag", { set: ["http=1"] }, "http must be a table"],
    ["value and table", { set: ["modules.a.b=1", "modules.a.b.c=2"] }, "is a value and a table"],
  ];
  for (const [name, setting, message] of rows) {
    await t.step(name, () => {
      const error = failure(setting);
      expect(error.code).toBe("CONFIG_INVALID_VALUE");
      expect(error.message).toContain(message);
      expect(JSON.stringify([error.message, error.detail])).not.toContain("53c237");
    });
  }
});

Deno.test("loadConfig() shows where a file's syntax breaks, without its text", () => {
  const error = failure({ text: '[chain]\nrpc_password = "53c237"\nrpc_user = \n' });
  expect(error.code).toBe("CONFIG_SYNTAX");
  expect(error.message).toContain("my.toml, line 3");
  expect(error.message).not.toContain("53c237");
  expect(error.detail).toMatchObject({ file: "my.toml", line: 3 });
});

Deno.test("loadConfig() says so when the file cannot be read or is too large", () => {
  const missing = () => {
    throw new Deno.errors.NotFound("no such file");
  };
  expect(() => loadConfig({ file: "gone.toml", set: [], env: {}, read: missing })).toThrow(
    expect.objectContaining({ code: "CONFIG_UNREADABLE", message: expect.stringContaining("gone.toml") }),
  );
  expect(failure({ text: "#".repeat(1_048_577) }).code).toBe("CONFIG_TOO_LARGE");
});

Deno.test("loadConfig() refuses a --set without a key", () => {
  for (const set of ["http.port", "=1", " =1", ""]) {
    expect(failure({ set: [set] }).code).toBe("CONFIG_BAD_FLAG");
  }
});

Deno.test("loadConfig() names both sides of a contradiction", async (t) => {
  const rows: [string[], string][] = [
    [["http.port=9905"], "http.port and p2p.listen"],
    [["p2p.dht=standard", `p2p.shared_key=${"ab".repeat(32)}`], "p2p.dht and p2p.shared_key"],
    [["chain.rpc_user=u", "chain.rpc_url=http://127.0.0.1:1"], "chain.rpc_user and chain.rpc_password"],
    [["chain.rpc_cookie_file=/c"], "chain.rpc_url"],
    [["chain.rpc_zmq=tcp://127.0.0.1:28332"], "chain.rpc_zmq and chain.rpc_url"],
    [["chain.rpc_url=http://u:p@127.0.0.1:1"], "chain.rpc_url must not hold a login"],
    [["chain.anchor.height=5"], "chain.anchor.height and chain.anchor.header"],
    [[`chain.anchor.header="${"00".repeat(80)}"`], "chain.anchor.header and chain.anchor.chainwork"],
    [
      ['chain.anchor.chainwork="02"', "chain.anchor.height=5"],
      "chain.anchor.header and chain.anchor.chainwork",
    ],
    [["lightning.backend=lnbits"], "lightning.backend"],
    [["governance.enabled=true"], "governance.commons_url"],
    [["governance.app.enabled=true"], "governance.app.api_key"],
    [["governance.vpn_enabled=true"], "governance.vpn_cidrs"],
    [["modules.enabled.a=*", 'modules.disabled=["a"]'], "modules.enabled and modules.disabled"],
  ];
  for (const [set, keys] of rows) {
    await t.step(set.join(" "), () => {
      const error = failure({ set });
      expect(error.code).toBe("CONFIG_CONTRADICTION");
      expect(error.message).toContain(keys);
    });
  }
  expect(load({ set: ["http.port=0", 'p2p.listen=["/ip4/127.0.0.1/tcp/0"]'] }).config.http.port).toBe(0);
});

Deno.test("loadConfig() warns of what is dangerous", () => {
  const { warnings } = load({
    set: ["http.host=0.0.0.0", "http.public_read=true", 'http.cors_origins=["*"]'],
  });
  expect(warnings.length).toBe(3);
  expect(load({ set: ["modules.require_signatures=true"] }).warnings[0]).toContain("modules.trust");
  const few = [`modules.trust={a="${"ab".repeat(32)}",b="${"ab".repeat(32)}"}`, "modules.min_signatures=2"];
  expect(load({ set: few }).warnings[0]).toContain("modules.min_signatures is 2");
});

Deno.test("the configuration cannot be changed", () => {
  const { config } = load({ set: ["modules.hello.list=[1]"] });
  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.p2p.listen)).toBe(true);
  expect(Object.isFrozen(config.modules.settings["hello"]?.["list"])).toBe(true);
  // The default lists are not shared with another load.
  expect(load().config.p2p.listen).toEqual(load().config.p2p.listen);
});

Deno.test("redactConfig() shows no secret, configSecrets() has them all", () => {
  const text = `[p2p]
shared_key = "${"5ec1".repeat(16)}"
[chain]
rpc_url = "http://127.0.0.1:8332"
rpc_user = "u"
rpc_password = "5ec3"
[lightning]
api_key = "5ec4"
[governance]
commons_url = "https://user:5ec2@gov.example"
api_key = "5ec5"
app.api_key = "5ec6"
[modules.hello]
greeting = "hi"
apiToken = "5ec7"
deep.password = ["5ec8"]
database = "postgres://me:5ec9@127.0.0.1/db"
pin_key = 12345678
public_key = "02aa"
`;
  const { config } = load({ text });
  const shown = JSON.stringify(redactConfig(config));
  for (let i = 1; i <= 9; i++) expect(shown).not.toContain(`5ec${i}`);
  expect(shown).not.toContain("12345678");
  for (const part of ['"greeting":"hi"', '"public_key":"02aa"', '"rpc_user":"u"', "127.0.0.1:8332"]) {
    expect(shown).toContain(part);
  }
  expect(configSecrets(config)).toEqual(["5ec1".repeat(16), "5ec3", "5ec4", "5ec5", "5ec6", "5ec7", "5ec8"]);
  expect(redactConfig(load().config)["lightning"]).toMatchObject({ api_key: "" });
});

Deno.test("resolvePath() starts at the base", () => {
  expect(resolvePath("data", { base: "/srv/node" })).toBe("/srv/node/data");
  expect(resolvePath("./a/../b", { base: "/srv" })).toBe("/srv/b");
  expect(resolvePath("/abs", { base: "/srv" })).toBe("/abs");
  expect(resolvePath("~/x", { base: "/srv", home: "/home/a" })).toBe("/home/a/x");
  expect(resolvePath("~/x", { base: "/srv" })).toBe("/srv/~/x");
});
