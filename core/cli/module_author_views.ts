import { basename } from "node:path";
import type { BuildReport, KeyReport, SignReport, VerifyReport } from "../modules/mod.ts";
import { show } from "./fields.ts";
import { renderDetails } from "./table.ts";

function removedText(names: readonly string[]): string {
  if (names.length === 0) return "";
  return `Removed the signatures of ${show(names)}: they no longer held\n`;
}

export function renderBuild(report: BuildReport): string {
  return renderDetails([
    ["module", `${report.name} ${report.version}`],
    ["source", report.source],
    ["entry", report.entryPoint],
    ["hash", report.hash],
    ["size", `${report.size} bytes`],
  ]) + removedText(report.removedSignatures);
}

/** The line for `[modules.trust]`: a TOML key and the public key. */
export function trustLine({ file, publicKey }: KeyReport): string {
  const stem = basename(file).replace(/\.[^.]*$/, "").replaceAll(/[^A-Za-z0-9_-]/g, "-");
  return `${stem || "me"} = "${publicKey}"`;
}

export function renderKey(report: KeyReport): string {
  return `${renderDetails([["file", report.file], ["public key", report.publicKey]])}
Keep the file to yourself. Who trusts you puts this into the node's configuration:

[modules.trust]
${trustLine(report)}
`;
}

export function renderSign(report: SignReport): string {
  return renderDetails([
    ["module", `${report.name} ${report.version}`],
    ["hash", report.hash],
    ["public key", report.publicKey],
    ["threshold", report.threshold],
    ["signed by", report.maintainers],
  ]) + removedText(report.removedSignatures);
}

const RESULTS = {
  trusted: "holds",
  untrusted: "holds, but the key is not trusted",
  invalid: "does not hold",
  repeated: "holds, but the key counts only once",
} as const;

export function renderVerify(report: VerifyReport, dir: string): string {
  const { signature } = report;
  const details = renderDetails([
    ["module", `${report.name} ${report.version}`],
    ["hash", report.hash],
    ["size", `${report.size} bytes`],
    ["signature", signature.state],
    ["threshold", signature.threshold],
    ["trusted", signature.signers],
    ["reason", report.reason],
  ]);
  const findings = signature.maintainers.map(({ name, publicKey, result, trustedAs }) =>
    `  ${show(trustedAs ?? name)} ${publicKey}: ${RESULTS[result]}\n`
  ).join("");
  return `${details}${findings}${dir}: ${report.valid ? "valid" : "NOT valid"}\n`;
}
