import { expect } from "expect";
import { CAPABILITIES, CAPABILITY_NAMES, denoPermissionsFor, isCapability } from "./capabilities.ts";

Deno.test("CAPABILITIES holds the 26 known ones and three more, by tier", () => {
  expect(CAPABILITY_NAMES.length).toBe(29);
  const count = (tier: string) => Object.values(CAPABILITIES).filter((info) => info.tier === tier).length;
  expect([count("open"), count("consent"), count("privileged")]).toEqual([12, 12, 5]);
});

Deno.test("isCapability() knows own keys only", () => {
  expect(isCapability("net")).toBe(true);
  for (const bad of ["toString", "__proto__", "constructor", "Net", "", undefined, 1]) {
    expect(isCapability(bad)).toBe(false);
  }
});

Deno.test("denoPermissionsFor() writes every key and opens net only when it is granted", () => {
  const closed = {
    net: false,
    read: false,
    write: false,
    env: false,
    run: false,
    ffi: false,
    sys: false,
    import: false,
  };
  expect(denoPermissionsFor([], ["a.example:1"])).toEqual(closed);
  expect(denoPermissionsFor(["net"], [])).toEqual(closed);
  expect(denoPermissionsFor(["read_filesystem", "network_access"], ["a.example:1"])).toEqual(closed);
  expect(denoPermissionsFor(["net"], ["a.example:1"])).toEqual({ ...closed, net: ["a.example:1"] });
});
