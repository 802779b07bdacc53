/**
 * The module system: finds, checks and builds modules, runs each in a cell, and is their only way to the node.
 * @module
 */
export { SDK_TEXT, SDK_VERSION } from "../../workers/protocol/mod.ts";
export type { KeyReport, ModuleAuthor } from "./author.ts";
export type { BuildReport } from "./author_build.ts";
export type { SignReport } from "./author_sign.ts";
export type { VerifyReport } from "./author_verify.ts";
export { createModuleBuilder, type ModuleBuilder } from "./build.ts";
export type { AuditRecord } from "./audit.ts";
export { CAPABILITIES } from "./capabilities.ts";
export { createCellFactory } from "./cell_factory.ts";
export type * from "./cell_types.ts";
export { findDenoDir } from "./deno_dir.ts";
export { createModuleHost } from "./host.ts";
export type { ModuleFiles, ModuleHostComponents, ModuleHostInit } from "./host_types.ts";
export { trustedKeys } from "./trust.ts";
export { createSignatureVerifier } from "./verification.ts";
export { openModuleAuthor } from "./open_author.ts";
export { createModuleFiles, type KeptBuild, type KeptBuilds } from "./module_files.ts";
export { type ModuleFolder, openModuleFolder } from "./module_folder.ts";
export type { BlocksPort, ChainBlock, ChainTransaction, ChainUtxo } from "./node_api_blocks.ts";
export type { ChainHeader, ChainInfo, ChainPort, SyncStatus } from "./node_api_chain.ts";
export type { MempoolPort, MempoolSize } from "./node_api_mempool.ts";
export type { BlockSubmission, InboundBlocksPort, MiningPort, TemplateRequest } from "./node_api_mining.ts";
export type { NetworkPeer, NetworkPort, NetworkStats } from "./node_api_network.ts";
export type { ApiMethodView } from "./node_api_view.ts";
export { OVERRIDABLE_RPC } from "./rpc_overrides.ts";
export * from "./types.ts";
export type { FolderWatch } from "./watch.ts";
export { createFolderWatch } from "./watch_folder.ts";
