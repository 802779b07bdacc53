import { CommonsError } from "../base/mod.ts";
import type { CliResult } from "../../workers/protocol/mod.ts";
import { cleanText } from "./clean_text.ts";
import { moduleJson } from "./module_json.ts";

/** Bytes of stdout, and of stderr. */
const MAX_OUTPUT = 256 * 1024;

/**
 * What a command's handler returned, as a result: text is stdout; `{stdout, stderr?, exit_code?}` is taken as it is after
 * checks; nothing is no output; any other value is shown as JSON. Control characters never reach a terminal.
 * @throws {CommonsError} `MODULE_FAILED` for more than 256 KiB of output or a broken result object
 */
export function toCliResult(value: unknown): CliResult {
  if (value === undefined || value === null) return { stdout: "", stderr: "", exit_code: 0 };
  if (typeof value === "string") return { stdout: output(value), stderr: "", exit_code: 0 };
  if (!isResult(value)) return { stdout: output(moduleJson(value, 2) + "\n"), stderr: "", exit_code: 0 };
  const { stdout = "", stderr = "", exit_code = 0 } = value;
  if (typeof stdout !== "string" || typeof stderr !== "string") {
    throw new CommonsError("MODULE_FAILED", "Cannot run the command: stdout and stderr must be text");
  }
  if (typeof exit_code !== "number" || !Number.isInteger(exit_code) || exit_code < 0 || exit_code > 255) {
    throw new CommonsError(
      "MODULE_FAILED",
      "Cannot run the command: exit_code must be an integer from 0 to 255",
    );
  }
  return { stdout: output(stdout), stderr: output(stderr), exit_code };
}

/** A failed command: exit code 1 and why on stderr. */
export function failedCli(message: string): CliResult {
  return { stdout: "", stderr: cleanText(message, 8_192) + "\n", exit_code: 1 };
}

/** Wrong usage: exit code 2, the fault and the help on stderr. */
export function misusedCli(message: string, help: string): CliResult {
  return { stdout: "", stderr: `error: ${cleanText(message, 1_000)}\n\n${help}`, exit_code: 2 };
}

interface ResultLike {
  readonly stdout?: unknown;
  readonly stderr?: unknown;
  readonly exit_code?: unknown;
}

/** Only an object of nothing but these keys is a result; a module's own data that has an `exit_code` too is data. */
function isResult(value: unknown): value is ResultLike {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every((key) => key === "stdout" || key === "stderr" || key === "exit_code");
}

function output(text: string): string {
  if (text.length > MAX_OUTPUT) {
    throw new CommonsError(
      "MODULE_FAILED",
      `Cannot run the command: more than ${MAX_OUTPUT} characters of output`,
    );
  }
  return cleanText(text, MAX_OUTPUT);
}
