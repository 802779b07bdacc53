import { expect } from "expect";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { runFake } from "./fake_terminal.ts";

const ENV = Object.fromEntries(
  ["DENO_DIR", "HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"].flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }),
);
const run = (...args: string[]) => runFake(["module", ...args], { env: ENV });

Deno.test("module new, build, keygen, sign and verify work without a node", async () => {
  await using dir = await tempDir();
  const [folder, key, trust] = [dir.file("modules", "hello"), dir.file("me.key"), dir.file("trust.toml")];
  const made = await run("new", "hello", "--dir", dir.file("modules"));
  expect([made.code, made.out]).toEqual([
    0,
    `Made ${folder} with module.toml, mod.ts, mod_test.ts, README.md\n`,
  ]);
  const built = await run("build", folder, "--json");
  const { hash, size } = JSON.parse(built.out);
  expect([built.code, size]).toEqual([
    0,
    new TextEncoder().encode(await Deno.readTextFile(`${folder}/mod.js`)).length,
  ]);
  const generated = await run("keygen", key);
  const [line = ""] = generated.out.match(/^me = "[0-9a-f]{64}"$/m) ?? [];
  expect([generated.code, generated.out]).toEqual([0, expect.stringContaining(`[modules.trust]\n${line}`)]);
  await Deno.writeTextFile(trust, `[modules.trust]\n${line}\n`);
  const unsigned = await run("verify", folder, "--trust", trust);
  expect([unsigned.code, unsigned.out]).toEqual([1, expect.stringContaining("NOT valid")]);
  const signed = await run("sign", folder, "--key", key, "--name", "Me", "--json");
  expect(JSON.parse(signed.out)).toMatchObject({ hash, threshold: "1-of-1", maintainers: ["Me"] });
  const nobody = await run("verify", folder);
  expect([nobody.code, nobody.out]).toEqual([1, expect.stringContaining("not trusted")]);
  for (const flag of ["--trust", "--config"]) {
    const valid = await run("verify", folder, flag, trust);
    expect([valid.code, valid.out]).toEqual([0, expect.stringContaining(`${folder}: valid\n`)]);
  }
  const json = await run("verify", folder, "--config", trust, "--json");
  expect(JSON.parse(json.out)).toMatchObject({
    valid: true,
    hash,
    signature: { state: "valid", signers: ["me"] },
  });
  const secret = (await Deno.readTextFile(key)).trim().split(":")[1] ?? "";
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  for (const { out, err } of [made, built, generated, unsigned, signed, nobody, json]) {
    expect(out + err).not.toContain(secret);
  }
});

Deno.test("module keygen makes a key of either kind and replaces none", async () => {
  await using dir = await tempDir();
  const key = dir.file("a.b c.key");
  const made = await run("keygen", key, "--secp256k1", "--json");
  expect(JSON.parse(made.out)).toEqual({
    file: key,
    scheme: "secp256k1",
    publicKey: expect.stringMatching(/^0[23][0-9a-f]{64}$/),
    trust: expect.stringMatching(/^a-b-c = "0[23][0-9a-f]{64}"$/),
  });
  const again = await run("keygen", key);
  expect([again.code, again.err]).toEqual([1, expect.stringContaining("FILE_EXISTS")]);
});

Deno.test("module commands of authors say what is wrong", async (t) => {
  await using dir = await tempDir();
  const missing = dir.file("nothing");
  await Deno.writeTextFile(dir.file("bad.key"), `ed25519:${"ab".repeat(31)}\n`, { mode: 0o600 });
  await Deno.writeTextFile(dir.file("bad.toml"), "[modules.trust]\na = 'b'\n");
  const rows: [name: string, args: string[], code: number, err: string][] = [
    ["no name", ["new"], 2, "missing required argument"],
    ["a bad name", ["new", "A", "--dir", dir.path], 1, "INVALID_MODULE_NAME"],
    ["no folder", ["build", missing], 1, "MODULE_NOT_FOUND"],
    ["no manifest", ["build", dir.path], 1, "MANIFEST_MISSING"],
    ["no key", ["sign", dir.path, "--name", "x"], 2, "--key"],
    ["an empty name", ["sign", dir.path, "--key", "k", "--name", " "], 2, "--name"],
    ["a missing key", ["sign", dir.path, "--key", missing, "--name", "x"], 1, "KEY_UNREADABLE"],
    ["a bad key", ["sign", dir.path, "--key", dir.file("bad.key"), "--name", "x"], 1, "KEY_DAMAGED"],
    ["both files", ["verify", dir.path, "--trust", "a", "--config", "b"], 2, "--trust"],
    ["no such file", ["verify", dir.path, "--trust", missing], 1, "CONFIG_UNREADABLE"],
    ["a bad trusted key", ["verify", dir.path, "--trust", dir.file("bad.toml")], 1, "modules.trust"],
  ];
  for (const [name, args, code, err] of rows) {
    await t.step(name, async () => {
      const done = await run(...args);
      expect([done.code, done.out, done.err]).toEqual([code, "", expect.stringContaining(err)]);
      expect(done.err).not.toContain("abab");
    });
  }
});
