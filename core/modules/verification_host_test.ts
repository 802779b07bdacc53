import { expect } from "expect";
import { isCommonsError } from "../base/mod.ts";
import type { ModuleHostInit } from "./host_types.ts";
import { codeOf, TestHost, type TestModule } from "./test_host.ts";
import { ADA, BOB, EVE, signedModule } from "./test_signed.ts";
import { trustedKeys } from "./trust.ts";
import { createSignatureVerifier } from "./verification.ts";

const TRUST = trustedKeys({ ada: ADA.publicKey, bob: BOB.publicKey });
const CONSENT = ["subscribe_events", "publish_events"];
const PRIVILEGED = [...CONSENT, "submit_block"];

function host(init: Partial<ModuleHostInit> = {}, trusted = TRUST): TestHost {
  return new TestHost(init, { verifySignatures: createSignatureVerifier({ trusted, minSignatures: 1 }) });
}

async function reasonOf(work: Promise<unknown>): Promise<unknown> {
  const error = await work.then(() => undefined, (caught) => caught);
  return isCommonsError(error, "MODULE_REJECTED") ? error.detail?.["reason"] : error?.code;
}

const one = signedModule("hello", { capabilities: CONSENT, keys: { x: ADA } });
const untrusted = signedModule("hello", { keys: { x: EVE } });

Deno.test("a module is as signed as its view says", async (t) => {
  const rows: [name: string, module: TestModule, view: [string, string, string[]], init?: object][] = [
    ["unsigned", { source: "code" }, ["running", "unsigned", []]],
    ["an empty table", { toml: "[signatures]" }, ["running", "unsigned", []]],
    ["signed by a trusted key", one, ["running", "valid", ["ada"]]],
    ["and required", one, ["running", "valid", ["ada"]], { requireSignatures: true }],
    ["signed by nobody known", untrusted, ["running", "unverified", []]],
    ["too few signatures", signedModule("hello", { keys: { x: ADA }, threshold: "2-of-2" }), [
      "running",
      "unverified",
      ["ada"],
    ]],
    ["other code", { ...one, source: "c0de" }, ["rejected", "invalid", []]],
    ["one capability more", { ...one, capabilities: PRIVILEGED }, ["rejected", "invalid", []]],
  ];
  for (const [name, module, [state, signature, signers], init] of rows) {
    await t.step(name, async () => {
      await using h = host(init);
      h.add("hello", module);
      await codeOf(() => h.host.load("hello"));
      const view = h.host.get("hello");
      expect([view?.state, view?.signature]).toEqual([state, { state: signature, signers }]);
      expect(h.cells.all.length).toBe(state === "running" ? 1 : 0);
    });
  }
});

Deno.test("load() refuses signatures that do not suffice", async (t) => {
  const required = { requireSignatures: true };
  const rows: [name: string, module: TestModule, reason: string, init?: Partial<ModuleHostInit>][] = [
    ["unsigned where required", { source: "code" }, "SIGNATURE_MISSING", required],
    ["an empty table where required", { toml: "[signatures]" }, "SIGNATURE_MISSING", required],
    ["nobody trusted where required", untrusted, "SIGNATURE_UNTRUSTED", required],
    [
      "too few where required",
      signedModule("hello", { keys: { x: ADA, y: EVE }, threshold: "2-of-2" }),
      "SIGNATURE_UNTRUSTED",
      required,
    ],
    ["a broken one", { ...one, version: "1.0.1" }, "SIGNATURE_INVALID"],
    ["a broken one of nobody known", { ...untrusted, version: "1.0.1" }, "SIGNATURE_INVALID"],
    ["other code", { ...one, source: "c0de" }, "HASH_MISMATCH"],
    ["code that is longer", { ...one, source: "code " }, "HASH_MISMATCH"],
    [
      "another module's",
      signedModule("other", { capabilities: CONSENT, keys: { x: ADA } }),
      "SIGNATURE_INVALID",
    ],
  ];
  for (const [name, module, reason, init] of rows) {
    await t.step(name, async () => {
      await using h = host(init);
      h.add("hello", module);
      expect(await reasonOf(h.host.load("hello"))).toBe(reason);
      expect([h.state("hello"), h.host.get("hello")?.reason?.code]).toEqual(["rejected", reason]);
      expect(h.cells.all.length).toBe(0);
    });
  }
});

Deno.test("reload() checks as load() does", async (t) => {
  const rows: [name: string, module: TestModule][] = [
    ["swapped code", { ...one, source: "evil" }],
    ["one capability more", { ...one, capabilities: [...CONSENT, "net"] }],
    ["a signature of somebody else", signedModule("hello", { capabilities: CONSENT, keys: { x: EVE } })],
    ["no signature", { source: "evil", capabilities: CONSENT }],
  ];
  for (const [name, module] of rows) {
    await t.step(name, async () => {
      await using h = host({ requireSignatures: true });
      h.add("hello", one);
      await h.host.load("hello");
      h.add("hello", module);
      expect(await codeOf(() => h.host.reload("hello"))).not.toBe("");
      expect(h.cells.all.map(({ init }) => init.source)).not.toContain("evil");
      expect(h.cells.alive().every(({ init }) => init.source === "code")).toBe(true);
    });
  }
});

Deno.test("a restart runs the bytes that were verified, whatever the folder holds since", async () => {
  await using h = host({ requireSignatures: true });
  h.add("hello", one);
  await h.host.load("hello");
  h.add("hello", { ...one, source: "evil" });
  h.cells.of("hello").end("crashed");
  await h.clock.advance(10_000);
  expect(h.cells.all.map(({ init }) => init.source)).toEqual(["code", "code"]);
  expect(h.files.reads.get("hello")).toBe(1);
});

Deno.test("a trusted signature grants consent, and nothing privileged", async (t) => {
  const rows: [name: string, module: TestModule, state: string, missing: string[]][] = [
    ["consent", one, "running", []],
    ["consent, unsigned", { capabilities: CONSENT }, "needs_approval", ["publish_events"]],
    [
      "consent, not trusted",
      signedModule("hello", { capabilities: CONSENT, keys: { x: EVE } }),
      "needs_approval",
      ["publish_events"],
    ],
    [
      "consent, too few",
      signedModule("hello", { capabilities: CONSENT, keys: { x: ADA, y: EVE }, threshold: "2-of-2" }),
      "needs_approval",
      ["publish_events"],
    ],
    [
      "privileged",
      signedModule("hello", { capabilities: PRIVILEGED, keys: { x: ADA, y: BOB }, threshold: "2-of-2" }),
      "needs_approval",
      ["submit_block"],
    ],
  ];
  for (const [name, module, state, missing] of rows) {
    await t.step(name, async () => {
      await using h = host();
      h.add("hello", module);
      await codeOf(() => h.host.load("hello"));
      expect([h.state("hello"), h.host.get("hello")?.capabilities.missing]).toEqual([state, missing]);
    });
  }
});

Deno.test("an approval holds for updates of the same trusted signers", async (t) => {
  const both = { x: ADA, y: BOB };
  const first = { capabilities: PRIVILEGED, version: "1.1.0", keys: both, threshold: "2-of-2" };
  const rows: [name: string, update: Parameters<typeof signedModule>[1], state: string][] = [
    ["an update", { ...first, version: "1.2.0", source: "next" }, "running"],
    ["the same version again", { ...first, source: "next" }, "running"],
    ["fewer capabilities", { ...first, source: "next", capabilities: CONSENT }, "running"],
    ["an older version", { ...first, version: "1.0.0", source: "old" }, "needs_approval"],
    [
      "one signer less",
      { ...first, source: "next", keys: { x: ADA }, threshold: "1-of-1" },
      "needs_approval",
    ],
    ["another signer", { ...first, source: "next", keys: { x: ADA, y: EVE } }, "needs_approval"],
    [
      "more capabilities",
      { ...first, source: "next", capabilities: [...PRIVILEGED, "network_access"] },
      "needs_approval",
    ],
  ];
  for (const [name, update, state] of rows) {
    await t.step(name, async () => {
      await using h = host();
      h.add("hello", signedModule("hello", first));
      await h.host.approve("hello");
      await h.host.load("hello");
      await h.host.unload("hello");
      h.add("hello", signedModule("hello", update));
      await codeOf(() => h.host.load("hello"));
      expect(h.state("hello")).toBe(state);
    });
  }
  await t.step("an approval of unsigned code is for that code", async () => {
    await using h = host();
    h.add("hello", { capabilities: PRIVILEGED, source: "code" });
    await h.host.approve("hello");
    h.add("hello", signedModule("hello", { ...first, source: "next" }));
    expect(await codeOf(() => h.host.load("hello"))).toBe("NEEDS_APPROVAL");
  });
});

Deno.test("revoke() wins over signatures until the operator approves again", async () => {
  await using h = host();
  h.add("hello", one);
  await h.host.load("hello");
  expect((await h.host.revoke("hello")).state).toBe("needs_approval");
  expect(await codeOf(() => h.host.load("hello"))).toBe("NEEDS_APPROVAL");
  expect(h.host.get("hello")?.capabilities.missing).toEqual(["publish_events"]);
  expect((await h.host.approve("hello")).state).toBe("running");
});
