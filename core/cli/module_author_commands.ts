import { type Command, InvalidArgumentError } from "commander";
import { systemClock } from "../base/mod.ts";
import { usageError } from "./exit_code.ts";
import { type CliContext, type CommonFlags, print } from "./context.ts";
import { show } from "./fields.ts";
import { readTrust } from "./module_author_trust.ts";
import { renderBuild, renderKey, renderSign, renderVerify, trustLine } from "./module_author_views.ts";

/** Loaded only when an author's command runs: it brings the builder along. */
async function openAuthor({ io }: CliContext) {
  const { findDenoDir, openModuleAuthor } = await import("../modules/mod.ts");
  return await openModuleAuthor({ clock: systemClock }, { denoDir: findDenoDir(Deno.build.os, io.env) });
}

function withJson(command: Command): Command {
  return command.option("--json", "print JSON");
}

function addNew(group: Command, context: CliContext): void {
  withJson(group.command("new <name>").description("make the folder of a new module"))
    .option("--dir <dir>", "folder to make it in", "modules")
    .action(async (name: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags & { readonly dir: string }>();
      await using author = await openAuthor(context);
      const report = await author.scaffold({ name, dir: flags.dir });
      print(context, flags, {
        value: report,
        human: () => `Made ${report.folder} with ${report.files.join(", ")}\n`,
      });
    });
}

function addBuild(group: Command, context: CliContext): void {
  withJson(group.command("build <dir>"))
    .description("build a module into one mod.js, and write its hash and size into the manifest")
    .option("--entry <file>", "source in the folder; the manifest's entry point by default")
    .action(async (dir: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags & { readonly entry?: string }>();
      await using author = await openAuthor(context);
      const report = await author.build({
        dir,
        ...(flags.entry === undefined ? {} : { entry: flags.entry }),
      });
      print(context, flags, { value: report, human: () => renderBuild(report) });
    });
}

function addKeygen(group: Command, context: CliContext): void {
  withJson(group.command("keygen <file>").description("make a signing key; the file is for your eyes only"))
    .option("--secp256k1", "make a secp256k1 key instead of an Ed25519 one")
    .action(async (file: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags & { readonly secp256k1?: boolean }>();
      await using author = await openAuthor(context);
      const report = await author.makeKey({ file, scheme: flags.secp256k1 ? "secp256k1" : "ed25519" });
      print(context, flags, {
        value: { ...report, trust: trustLine(report) },
        human: () => renderKey(report),
      });
    });
}

interface SignFlags extends CommonFlags {
  readonly key: string;
  readonly name: string;
  readonly threshold?: string;
}

function parseSignerName(text: string): string {
  if (text.trim() !== "" && text.length <= 128) return text;
  throw new InvalidArgumentError("Need 1 to 128 characters.");
}

function addSign(group: Command, context: CliContext): void {
  withJson(group.command("sign <dir>").description("sign a module that was built"))
    .requiredOption("--key <file>", 'key file that "module keygen" made')
    .requiredOption("--name <name>", "your name in the manifest", parseSignerName)
    .option("--threshold <m-of-n>", "how many of the maintainers must have signed")
    .action(async (dir: string, _own: unknown, command: Command) => {
      const { key, name, threshold, ...flags } = command.optsWithGlobals<SignFlags>();
      await using author = await openAuthor(context);
      const request = { dir, keyFile: key, name };
      const report = await author.sign(threshold === undefined ? request : { ...request, threshold });
      print(context, flags, { value: report, human: () => renderSign(report) });
    });
}

interface VerifyFlags extends CommonFlags {
  readonly trust?: string;
  readonly config?: string;
}

function addVerify(group: Command, context: CliContext): void {
  withJson(group.command("verify <dir>"))
    .description("check a module's hash and signatures; exit code 1 when they are not valid")
    .option("--trust <file>", "TOML file with the keys to trust in [modules.trust]")
    .option("--config <file>", "the node's configuration file, for the same")
    .action(async (dir: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<VerifyFlags>();
      if (flags.trust !== undefined && flags.config !== undefined) {
        throw usageError("Cannot use --trust and --config together: each names the keys to trust");
      }
      const policy = await readTrust(flags);
      await using author = await openAuthor(context);
      const report = await author.verify({ dir, ...policy });
      if (!report.valid) context.setExitCode(1);
      print(context, flags, { value: report, human: () => renderVerify(report, show(dir)) });
    });
}

/**
 * `commons module new|build|keygen|sign|verify`: they work on folders and need no running node.
 * Permissions: `read` and `write` of the folders and files given, `run` of the own executable.
 */
export function addAuthorCommands(group: Command, context: CliContext): void {
  for (const add of [addNew, addBuild, addKeygen, addSign, addVerify]) add(group, context);
}
