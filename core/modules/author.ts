import { type Clock, systemRandom } from "../base/mod.ts";
import { SDK_TEXT } from "../../workers/protocol/mod.ts";
import { buildModule, type BuildReport } from "./author_build.ts";
import { signModule, type SignReport } from "./author_sign.ts";
import { verifyModule, type VerifyReport } from "./author_verify.ts";
import { createModuleBuilder } from "./build.ts";
import { createKeyFile, readKeyFile } from "./module_keys.ts";
import { scaffoldModule, type ScaffoldReport } from "./scaffold.ts";
import type { SignatureScheme } from "./signatures.ts";
import { trustedKeys } from "./trust.ts";

/** The tools of a module's author. They work on folders, without a node. */
export interface ModuleAuthor extends AsyncDisposable {
  /** Makes the folder of a new module. @throws {CommonsError} `INVALID_MODULE_NAME`, `FILE_EXISTS` */
  scaffold(options: { readonly name: string; readonly dir: string }): Promise<ScaffoldReport>;
  /** As `buildModule`. */
  build(options: { readonly dir: string; readonly entry?: string }): Promise<BuildReport>;
  /** Makes a key file. @throws {CommonsError} `FILE_EXISTS`, `KEY_NOT_CREATED` */
  makeKey(options: { readonly file: string; readonly scheme: SignatureScheme }): Promise<KeyReport>;
  /** As `signModule`, with the key of a file. @throws {CommonsError} `KEY_UNREADABLE`, `KEY_PERMISSIONS`, `KEY_DAMAGED` */
  sign(options: SignRequest): Promise<SignReport>;
  /** As `verifyModule`; `trust` is a `[modules.trust]` table. @throws {CommonsError} also `INVALID_TRUSTED_KEY` */
  verify(options: VerifyRequest): Promise<VerifyReport>;
}

export interface KeyReport {
  readonly file: string;
  readonly scheme: SignatureScheme;
  readonly publicKey: string;
}

export interface SignRequest {
  readonly dir: string;
  readonly keyFile: string;
  readonly name: string;
  readonly threshold?: string;
}

export interface VerifyRequest {
  readonly dir: string;
  readonly trust: Readonly<Record<string, unknown>>;
  readonly minSignatures: number;
}

/**
 * Makes the author's tools; dispose of them to end the build processes. Permissions: `read` and `write` of the folders
 * given, `run` of the own executable.
 */
export function createModuleAuthor(
  components: { readonly clock: Clock },
  init: { readonly denoDir: string | undefined },
): ModuleAuthor {
  const { clock } = components;
  const builder = createModuleBuilder({ clock }, { denoDir: init.denoDir, sdkText: SDK_TEXT });
  const parts = { builder, clock };
  return {
    scaffold: scaffoldModule,
    build: (options) => buildModule(parts, options),
    async makeKey({ file, scheme }) {
      const { publicKey } = await createKeyFile(file, { scheme, random: systemRandom });
      return { file, scheme, publicKey };
    },
    async sign({ keyFile, ...options }) {
      return await signModule(parts, { ...options, key: await readKeyFile(keyFile) });
    },
    async verify({ dir, trust, minSignatures }) {
      return await verifyModule(parts, { dir, policy: { trusted: trustedKeys(trust), minSignatures } });
    },
    [Symbol.asyncDispose]: () => builder.close(),
  };
}
