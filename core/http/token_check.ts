import { timingSafeEqual } from "node:crypto";

/** What a request's `Authorization` header is worth. */
export type TokenVerdict = "none" | "valid" | "wrong";

/** Compares `Authorization: Bearer <token>` in a time that depends only on the length. */
export function createTokenCheck(token: string): (header: string | null) => TokenVerdict {
  const encoder = new TextEncoder();
  const expected = encoder.encode(token);
  return (header) => {
    if (header === null) return "none";
    if (expected.length === 0 || !/^bearer /i.test(header)) return "wrong"; // no token set: nobody has it
    const given = encoder.encode(header.slice(7));
    return given.length === expected.length && timingSafeEqual(given, expected) ? "valid" : "wrong";
  };
}
