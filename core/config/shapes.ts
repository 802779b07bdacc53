import { duration, flag, line, list, names, oneOf, path, PATTERNS, ruleOf, text, whole } from "./values.ts";

/** Keys of each section with their rule and default. `config/default.toml` says what they are for. */
export const node = {
  name: text("1 to 64 printable characters", /^[^\p{C}]{1,64}$/u).default("commons"),
  network: oneOf(["mainnet", "testnet", "testnet4", "signet", "regtest"]).default("mainnet"),
  data_dir: path().default("./data"),
};

export const http = {
  host: text("a host name or an IP address", PATTERNS.host).default("127.0.0.1"),
  port: whole(0, 65_535).default(9906),
  public_read: flag().default(false),
  cors_origins: list('origins such as "https://example.org"', PATTERNS.origin).default([]),
  max_body_bytes: whole(1024, 268_435_456).default(1_048_576),
  rate_limit_per_minute: whole(0, 10_000_000).default(6000),
  max_sse_clients: whole(0, 100_000).default(256),
  max_ws_clients: whole(0, 100_000).default(256),
  trusted_sources: list("IP addresses or CIDR networks", PATTERNS.banTarget).default([]),
};

const multiaddrs = () => list('multiaddrs such as "/ip4/203.0.113.7/tcp/9905"', PATTERNS.multiaddr);

export const p2p = {
  listen: multiaddrs().default(["/ip4/0.0.0.0/tcp/9905"]),
  announce: multiaddrs().default([]),
  bootstrap: multiaddrs().default([]),
  bootstrap_persistent: flag().default(false),
  static_peers: multiaddrs().default([]),
  dht: oneOf(["private", "standard", "off"]).default("private"),
  dht_protocol: text('a protocol prefix such as "/commons"', /^(?:\/[a-z0-9._-]+)+$/).default("/commons"),
  shared_key: text('"" or 64 lower-case hex digits', /^(?:[0-9a-f]{64})?$/).default(""),
  topic_prefix: text('a prefix such as "commons/bitcoin/1.0.0"', /^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/)
    .default("commons/bitcoin/1.0.0"),
  envelope: oneOf(["raw", "bus"]).default("raw"),
  listen_mode: oneOf(["full", "listen_only", "silent"]).default("full"),
  max_connections: whole(1, 10_000).default(100),
  max_connections_per_ip: whole(1, 10_000).default(8),
  max_connections_per_subnet: whole(1, 10_000).default(32),
  share_private_addresses: flag().default(false),
  data_hub_url: text('"" or an http(s) address', PATTERNS.url).default(""),
  blacklisted_base_urls: list('URLs or hosts such as "https://node.example"', /^[\x21-\x7e]{1,2048}$/)
    .default([]),
  allowed_publishers: list("peer ids", PATTERNS.peerId).default([]),
  peer_cache: flag().default(true),
  relay: flag().default(false),
  hole_punching: flag().default(false),
  autonat: flag().default(false),
  upnp: flag().default(false),
  mdns: flag().default(false),
};

export const bans = {
  default_duration: duration(1000, "24h").default(86_400_000),
  max_entries: whole(1, 1_000_000).default(1000),
  threshold: whole(1, 1_000_000).default(100),
  allow: list("peer ids, IP addresses or CIDR networks", PATTERNS.banTarget).default([]),
  ban_ip_after: whole(0, 1_000_000).default(3),
};

export const chain = {
  bitcoin_peers: list('host:port such as "127.0.0.1:8333"', PATTERNS.hostPort).default([]),
  dns_seeds: flag().default(false),
  rpc_url: text('"" or an http(s) address', PATTERNS.url).default(""),
  rpc_cookie_file: line("a path").default(""),
  rpc_user: line().default(""),
  rpc_password: line().default(""),
  rpc_zmq: text('"" or an address such as "tcp://127.0.0.1:28332"', PATTERNS.tcpUrl).default(""),
  mempool_threshold: whole(0, 300_000).default(100_000),
  accept_gossip_headers: flag().default(true),
};

export const chainAnchor = {
  height: whole(0, 4_000_000_000).default(0),
  header: text('"" or 160 hex digits', /^(?:[0-9a-fA-F]{160})?$/).default(""),
  chainwork: text('"" or up to 64 hex digits', /^[0-9a-fA-F]{0,64}$/).default(""),
};

/** Largest amount in millisatoshi that a setting may name: 1,000 bitcoin; far inside exact numbers. */
const MAX_MSAT = 100_000_000_000_000;

export const mesh = {
  enabled: flag().default(true),
  mode: oneOf(["payment_gated", "bitcoin_only", "open"]).default("payment_gated"),
  listen_addr: text('"" or host:port', /^(?:(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]+\]):\d{1,5})?$/).default(
    "",
  ),
  treasury: line().default(""),
  base_fee_msat: whole(0, MAX_MSAT).default(1000),
  fee_ppm: whole(0, 1_000_000).default(100),
  per_kib_msat: whole(0, MAX_MSAT).default(100),
  max_hops: whole(1, 20).default(10),
  route_expiry: duration(1000, "1h").default(3_600_000),
  discovery_timeout: duration(100, "30s").default(30_000),
};

export const lightning = {
  node_key: text('"" or a compressed public key of 66 hex digits', /^(?:0[23][0-9a-f]{64})?$/).default(""),
  backend: oneOf(["none", "lnbits"]).default("none"),
  url: text('"" or an http(s) address', PATTERNS.url).default(""),
  api_key: line().default(""),
};

export const governanceApp = {
  enabled: flag().default(false),
  api_key: line().default(""),
  maintainers: list("public keys of 64 or 66 lower-case hex digits", PATTERNS.publicKey).default([]),
};

export const governance = {
  enabled: flag().default(false),
  commons_url: text('"" or an http(s) address', PATTERNS.url).default(""),
  api_key: line().default(""),
  vpn_enabled: flag().default(false),
  vpn_cidrs: list('CIDR ranges such as "10.8.0.0/16"', PATTERNS.cidr).default([]),
};

export const moduleLimits = {
  memory_mb: whole(8, 65_536).default(64),
  cpu_percent: whole(0, 100_000).default(90),
  startup_ms: whole(100, 600_000).default(5000),
  unresponsive_ms: whole(100, 600_000).default(5000),
  stop_ms: whole(0, 600_000).default(5000),
  event_queue: whole(1, 1_000_000).default(1000),
  requests_per_second: whole(1, 1_000_000).default(1000),
  max_in_flight: whole(1, 65_536).default(1024),
  max_frame_bytes: whole(4096, 67_108_864).default(1_048_576),
  storage_bytes: whole(0, 1_099_511_627_776).default(67_108_864),
  storage_keys: whole(0, 100_000_000).default(100_000),
  files_bytes: whole(0, 1_099_511_627_776).default(67_108_864),
  files_count: whole(0, 1_000_000).default(1000),
};

const enabledModules = names('module names with version constraints (name = "*" for any)', /\S/);
const enabledList = list("module names", PATTERNS.moduleName);

export const modules = {
  dir: path().default("modules"),
  /** A list of names is read too: any version of each. */
  enabled: ruleOf((value) => {
    if (!Array.isArray(value)) return enabledModules.read(value);
    const read = enabledList.read(value);
    return "fault" in read ? read : { value: Object.fromEntries(read.value.map((name) => [name, "*"])) };
  }).default({}),
  disabled: list("module names", PATTERNS.moduleName).default([]),
  require_signatures: flag().default(false),
  min_signatures: whole(1, 64).default(1),
  registry_url: text('"" or an http(s) address', PATTERNS.url).default(""),
  watch: flag().default(false),
  trust: names("names with public keys of 64 or 66 lower-case hex digits", PATTERNS.publicKey).default({}),
};

export const store = {
  url: text('"" or an http(s) address', PATTERNS.url).default(""),
};

export const log = {
  level: oneOf(["debug", "info", "warn", "error"]).default("info"),
  format: oneOf(["auto", "pretty", "json"]).default("auto"),
};
