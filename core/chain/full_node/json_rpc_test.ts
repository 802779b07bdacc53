import { expect } from "expect";
import { readAnswers, requestText } from "./json_rpc.ts";

const ONE = { calls: [{ method: "a", params: [1] }], firstId: 7, batch: false };
const TWO = {
  calls: [{ method: "a", params: [1] }, { method: "b", params: [] }],
  firstId: 7,
  batch: true,
};

Deno.test("requestText() is one call, or a list of them", () => {
  expect(requestText(ONE)).toBe('{"jsonrpc":"1.0","id":7,"method":"a","params":[1]}');
  expect(JSON.parse(requestText(TWO))).toEqual([
    { jsonrpc: "1.0", id: 7, method: "a", params: [1] },
    { jsonrpc: "1.0", id: 8, method: "b", params: [] },
  ]);
});

Deno.test("readAnswers() puts answers in the order of the calls", () => {
  expect(readAnswers('{"id":7,"result":null,"error":null}', ONE)).toEqual([{ ok: true, result: null }]);
  const text =
    '[{"id":8,"error":{"code":-5,"message":"no"},"result":null},{"jsonrpc":"2.0","id":7,"result":[1]}]';
  expect(readAnswers(text, TWO)).toEqual([
    { ok: true, result: [1] },
    { ok: false, code: -5, words: "no" },
  ]);
});

Deno.test("readAnswers() cleans and cuts the node's words", () => {
  const words = (message: unknown) => {
    const [answer] = readAnswers(JSON.stringify({ id: 7, error: { code: -1, message } }), ONE);
    return answer?.ok === false ? answer.words : undefined;
  };
  expect(words("a\r\n\u001b[31m b\u202e\u0000c")).toBe("a [31m b c");
  expect(words("x".repeat(10_000))).toBe("x".repeat(300));
  expect(words({ toString: 1 })).toBe("no reason given");
  expect(words("\u0000")).toBe("no reason given");
});

Deno.test("readAnswers() refuses what does not answer exactly these calls", async (t) => {
  const fine = '{"id":7,"result":1}';
  const rows: [string, typeof ONE, string, string][] = [
    ["not JSON", ONE, "<html>", "SOURCE_FAULT"],
    ["half of it", ONE, '{"id":7,"resu', "SOURCE_FAULT"],
    ["empty", ONE, "", "SOURCE_FAULT"],
    ["null", ONE, "null", "SOURCE_FAULT"],
    ["a list for one", ONE, `[${fine}]`, "SOURCE_FAULT"],
    ["another id", ONE, '{"id":8,"result":1}', "SOURCE_FAULT"],
    ["an id as text", ONE, '{"id":"7","result":1}', "SOURCE_FAULT"],
    ["no id", ONE, '{"result":1}', "SOURCE_FAULT"],
    ["id null", ONE, '{"id":null,"result":1}', "SOURCE_FAULT"],
    ["neither result nor error", ONE, '{"id":7}', "SOURCE_FAULT"],
    ["an error that is text", ONE, '{"id":7,"error":"no"}', "SOURCE_FAULT"],
    ["an error without a code", ONE, '{"id":7,"error":{"message":"no"}}', "SOURCE_FAULT"],
    ["a code that is no number", ONE, '{"id":7,"error":{"code":"-5"}}', "SOURCE_FAULT"],
    ["still starting", ONE, '{"id":7,"error":{"code":-28,"message":"Loading"}}', "UNAVAILABLE"],
    ["one for a list", TWO, fine, "SOURCE_FAULT"],
    ["too few", TWO, `[${fine}]`, "SOURCE_FAULT"],
    ["too many", TWO, `[${fine},{"id":8,"result":1},{"id":9,"result":1}]`, "SOURCE_FAULT"],
    ["twice the same", TWO, `[${fine},${fine}]`, "SOURCE_FAULT"],
    ["a half id", TWO, `[${fine},{"id":7.5,"result":1}]`, "SOURCE_FAULT"],
    ["a list in a list", TWO, `[${fine},[]]`, "SOURCE_FAULT"],
  ];
  for (const [name, request, text, code] of rows) {
    await t.step(name, () => {
      expect(() => readAnswers(text, request)).toThrow(expect.objectContaining({ code }));
    });
  }
});
