import { expect } from "expect";
import { ApiRegistry, RpcRegistry } from "./api_registry.ts";
import { codeOf } from "./test_host.ts";

Deno.test("ApiRegistry keeps modules apart", async () => {
  const api = new ApiRegistry();
  api.expose("a", "greet");
  api.expose("a", "greet");
  expect(api.methods("a")).toEqual(["greet"]);
  expect(api.has("b", "greet")).toBe(false);
  expect(await codeOf(() => api.unexpose("b", "greet"))).toBe("NOT_FOUND");
  api.unexpose("a", "greet");
  expect(api.has("a", "greet")).toBe(false);
  expect(await codeOf(() => api.expose("a", "1x"))).toBe("INVALID_PARAMS");
  for (let i = 0; i < 64; i++) api.expose("a", `m${i}`);
  expect(await codeOf(() => api.expose("a", "more"))).toBe("QUOTA_EXCEEDED");
});

Deno.test("RpcRegistry lets nobody take a name of the node or of another module", async () => {
  const rpc = new RpcRegistry((method) => method === "getblockcount");
  expect(await codeOf(() => rpc.register("a", "getblockcount"))).toBe("PERMISSION_DENIED");
  rpc.register("a", "a_status");
  rpc.register("a", "a_status");
  expect(await codeOf(() => rpc.register("b", "a_status"))).toBe("PERMISSION_DENIED");
  expect(await codeOf(() => rpc.unregister("b", "a_status"))).toBe("NOT_FOUND");
  expect(rpc.owner("a_status")).toBe("a");
  for (const bad of ["A_status", "x", "1ab", "a b", "rpc.discover"]) {
    expect(await codeOf(() => rpc.register("b", bad))).toBe("INVALID_PARAMS");
  }
  rpc.remove("a");
  rpc.register("b", "a_status");
  expect(rpc.methods()).toEqual(["a_status"]);
  for (let i = 0; i < 63; i++) rpc.register("b", `b_m${i}`);
  expect(await codeOf(() => rpc.register("b", "b_more"))).toBe("QUOTA_EXCEEDED");
});
