import { expect } from "expect";
import { tempDir } from "../../../tests/support/temp_dir.ts";
import { codeOf } from "../../../tests/support/full_node_rig.ts";
import { Login, readCookieFile } from "./login.ts";

const never = () => Promise.reject(new Error("must not be read"));

Deno.test("Login header() has user and password, or nothing", async () => {
  const login = new Login({ user: "ü", password: "a:b" }, never);
  const header = await login.header();
  expect(header).toBe("Basic " + new TextEncoder().encode("ü:a:b").toBase64());
  expect(login.renewable).toBe(false);
  login.renew();
  expect(await login.header()).toBe(header);
  expect(await new Login({}, never).header()).toBeUndefined();
  expect(await new Login({ cookieFile: "", user: "", password: "" }, never).header()).toBeUndefined();
});

Deno.test("Login header() reads the cookie once, and again when it is told to", async () => {
  let reads = 0;
  const login = new Login({ cookieFile: "/c" }, () => Promise.resolve(`__cookie__:${++reads}\n`));
  expect(await login.header()).toBe(`Basic ${btoa("__cookie__:1")}`);
  expect(await login.header()).toBe(`Basic ${btoa("__cookie__:1")}`);
  login.renew();
  expect(await login.header()).toBe(`Basic ${btoa("__cookie__:2")}`);
});

Deno.test("Login header() is UNAVAILABLE without a cookie, and shows nothing of a bad one", async (t) => {
  for (const text of ["", "5ecret", "5ecret:", ":5ecret", "5ecret:a\nb", "5ecret a:b", "5ecret:\u0000"]) {
    await t.step(JSON.stringify(text), async () => {
      const login = new Login({ cookieFile: "/c" }, () => Promise.resolve(text));
      const error: unknown = await login.header().catch((error) => error);
      expect(error).toMatchObject({ code: "UNAVAILABLE" });
      expect(String(error)).not.toContain("5ecret");
    });
  }
  await t.step("not there", async () => {
    await using dir = await tempDir();
    const login = new Login({ cookieFile: `${dir.path}/.cookie` }, readCookieFile);
    await expect(login.header()).rejects.toThrow("its cookie file is not there");
  });
});

Deno.test("readCookieFile() reads no more than 4,096 bytes", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/.cookie`;
  await Deno.writeTextFile(path, "__cookie__:" + "a".repeat(4_085));
  expect((await readCookieFile(path)).length).toBe(4_096);
  await Deno.writeTextFile(path, "a".repeat(4_097));
  expect(await codeOf(readCookieFile(path))).toBe("COOKIE_TOO_LARGE");
});
