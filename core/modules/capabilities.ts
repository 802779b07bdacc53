/**
 * How a capability is granted (contract, section 4): `open` on load, `consent` by the operator or a trusted signature
 * threshold, `privileged` by the operator alone.
 */
export type CapabilityTier = "open" | "consent" | "privileged";

interface CapabilityInfo {
  readonly tier: CapabilityTier;
  /** What a module with it may do, for the operator who is asked. */
  readonly allows: string;
}

/** Every capability that a manifest may ask for. The one table: types, checks and texts come from it. */
export const CAPABILITIES = Object.freeze(
  {
    read_blockchain: { tier: "open", allows: "Read blocks, headers and transactions" },
    read_utxo: { tier: "open", allows: "Look up unspent outputs" },
    read_chain_state: { tier: "open", allows: "Read the chain tip, height and sync status" },
    read_mempool: { tier: "open", allows: "Read the mempool and fee estimates" },
    read_network: { tier: "open", allows: "Read peers and network statistics" },
    subscribe_events: { tier: "open", allows: "Receive events of the node" },
    read_storage: { tier: "open", allows: "Read its own stored values" },
    write_storage: { tier: "open", allows: "Write its own stored values, within its quota" },
    report_metrics: { tier: "open", allows: "Report metrics and its health" },
    manage_timers: { tier: "open", allows: "Set timers and scheduled tasks for itself" },
    discover_modules: { tier: "open", allows: "See which modules are loaded" },
    register_module_api: { tier: "open", allows: "Offer methods that other modules may call" },
    publish_events: { tier: "consent", allows: "Publish events that other modules receive" },
    call_module: { tier: "consent", allows: "Call methods of other modules" },
    register_rpc_endpoint: { tier: "consent", allows: "Add methods to the node's JSON-RPC interface" },
    read_lightning: { tier: "consent", allows: "Read the Lightning backend's address and state" },
    read_payment: { tier: "consent", allows: "Read the state of payments" },
    read_filesystem: { tier: "consent", allows: "Read files in its own data folder" },
    write_filesystem: { tier: "consent", allows: "Write files in its own data folder" },
    manage_filesystem: { tier: "consent", allows: "Create folders and delete files in its own data folder" },
    manage_storage: { tier: "consent", allows: "Clear or migrate its own stored values" },
    read_metrics: { tier: "consent", allows: "Read metrics and health of the node and of other modules" },
    mesh: { tier: "consent", allows: "Send and receive mesh packets" },
    net: { tier: "consent", allows: "Open connections to the hosts that its manifest lists" },
    network_access: {
      tier: "privileged",
      allows: "Send to peers, ban them, and change what the node serves to them",
    },
    send_transactions: { tier: "privileged", allows: "Broadcast transactions" },
    submit_block: { tier: "privileged", allows: "Submit blocks" },
    queue_inbound_block: { tier: "privileged", allows: "Hand the node blocks as if a peer had sent them" },
    governance_vote: { tier: "privileged", allows: "Vote on governance proposals in this node's name" },
  } as const satisfies Record<string, CapabilityInfo>,
);

/** Name of a capability. */
export type Capability = keyof typeof CAPABILITIES;

/** All names, in the order of the table. */
export const CAPABILITY_NAMES: readonly string[] = Object.freeze(Object.keys(CAPABILITIES));

/** True for the name of a capability; own keys of the table only. */
export function isCapability(value: unknown): value is Capability {
  return typeof value === "string" && Object.hasOwn(CAPABILITIES, value);
}

/** What a Worker is started with: every key written out, because for Deno an absent key means "inherit". */
export interface DenoPermissions {
  /** `host:port` list, or `false` for none. */
  readonly net: readonly string[] | false;
  readonly read: false;
  readonly write: false;
  readonly env: false;
  readonly run: false;
  readonly ffi: false;
  readonly sys: false;
  readonly import: false;
}

/**
 * Deno permissions of a cell. Only granted `net` opens anything, and only the hosts of the manifest: all other
 * capabilities are calls that the node serves, so the cell needs nothing for them.
 */
export function denoPermissionsFor(
  granted: Iterable<Capability>,
  net: readonly string[],
): DenoPermissions {
  const hosts = new Set(granted).has("net") && net.length > 0 ? Object.freeze([...net]) : false;
  return Object.freeze({
    net: hosts,
    read: false,
    write: false,
    env: false,
    run: false,
    ffi: false,
    sys: false,
    import: false,
  });
}
