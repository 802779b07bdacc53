import { expect } from "expect";
import type { ApiAnswer } from "./node_process.ts";

/** The answer is a problem document with this status and code. */
export function expectProblem(answer: ApiAnswer, status: number, code: string): void {
  expect(answer).toMatchObject({ status, type: "application/problem+json", body: { status, code } });
}
