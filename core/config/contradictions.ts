import type { Config } from "./schema.ts";

/** Two settings that cannot both hold. */
export interface Contradiction {
  readonly keys: readonly string[];
  readonly why: string;
}

const isLoopback = (host: string) =>
  host === "localhost" || host === "::1" || host === "[::1]" || host.startsWith("127.");

function listenPorts(config: Config): number[] {
  return config.p2p.listen.map((address) => Number(/\/tcp\/(\d+)/.exec(address)?.[1] ?? 0)).filter((port) =>
    port > 0
  );
}

function* chainFaults({ chain }: Config): Iterable<Contradiction> {
  const { rpc_url, rpc_cookie_file, rpc_user, rpc_password, rpc_zmq } = chain;
  if ((rpc_user === "") !== (rpc_password === "")) {
    yield { keys: ["chain.rpc_user", "chain.rpc_password"], why: "need each other" };
  }
  if (rpc_cookie_file !== "" && rpc_user !== "") {
    yield { keys: ["chain.rpc_cookie_file", "chain.rpc_user"], why: "are two ways to log in; choose one" };
  }
  if (rpc_url === "" && (rpc_cookie_file !== "" || rpc_user !== "")) {
    yield { keys: ["chain.rpc_url"], why: "is needed for the login that is set" };
  }
  if (rpc_url === "" && rpc_zmq !== "") {
    yield {
      keys: ["chain.rpc_zmq", "chain.rpc_url"],
      why: "belong together: what is told is asked for there",
    };
  }
  if (/^https?:\/\/[^/?#]*@/i.test(rpc_url)) {
    yield {
      keys: ["chain.rpc_url"],
      why: "must not hold a login, addresses are shown and logged: use chain.rpc_user and chain.rpc_password",
    };
  }
}

function* anchorFaults({ chain: { anchor } }: Config): Iterable<Contradiction> {
  if ((anchor.header === "") !== (anchor.chainwork === "")) {
    yield { keys: ["chain.anchor.header", "chain.anchor.chainwork"], why: "need each other" };
  } else if (anchor.height !== 0 && anchor.header === "") {
    yield {
      keys: ["chain.anchor.height", "chain.anchor.header", "chain.anchor.chainwork"],
      why: "belong together: header and chainwork are missing",
    };
  }
}

function* networkFaults(config: Config): Iterable<Contradiction> {
  const { http, p2p } = config;
  if (http.port !== 0 && listenPorts(config).includes(http.port)) {
    yield { keys: ["http.port", "p2p.listen"], why: `both use port ${http.port}` };
  }
  if (p2p.dht === "standard" && p2p.shared_key !== "") {
    yield {
      keys: ["p2p.dht", "p2p.shared_key"],
      why: 'exclude each other: a shared key closes the network, use dht = "private"',
    };
  }
}

function* discoveryFaults({ p2p }: Config): Iterable<Contradiction> {
  if (p2p.mdns && !p2p.share_private_addresses) {
    yield {
      keys: ["p2p.mdns", "p2p.share_private_addresses"],
      why: "belong together: peers on the local network have private addresses only",
    };
  }
  if (p2p.hole_punching && !p2p.relay) {
    yield {
      keys: ["p2p.hole_punching", "p2p.relay"],
      why: "belong together: what is made direct are relayed connections",
    };
  }
}

function* governanceFaults({ governance }: Config): Iterable<Contradiction> {
  if (governance.enabled && governance.commons_url === "") {
    yield {
      keys: ["governance.enabled", "governance.commons_url"],
      why: "belong together: the address is missing",
    };
  }
  if (governance.vpn_enabled && governance.vpn_cidrs.length === 0) {
    yield {
      keys: ["governance.vpn_enabled", "governance.vpn_cidrs"],
      why: "belong together: the ranges are missing",
    };
  }
  if (governance.app.enabled && governance.app.api_key === "") {
    yield {
      keys: ["governance.app.enabled", "governance.app.api_key"],
      why: "belong together: the key is missing",
    };
  }
}

function* moneyFaults({ lightning }: Config): Iterable<Contradiction> {
  if (lightning.backend === "lnbits" && (lightning.url === "" || lightning.api_key === "")) {
    yield {
      keys: ["lightning.backend", "lightning.url", "lightning.api_key"],
      why: "belong together: url or key is missing",
    };
  }
}

function* moduleFaults({ modules }: Config): Iterable<Contradiction> {
  for (const name of modules.disabled) {
    if (Object.hasOwn(modules.enabled, name)) {
      yield { keys: ["modules.enabled", "modules.disabled"], why: `both name ${name}` };
    }
  }
}

/** Every contradiction in a configuration whose single values are right. */
export function contradictions(config: Config): readonly Contradiction[] {
  return [
    ...networkFaults(config),
    ...discoveryFaults(config),
    ...chainFaults(config),
    ...anchorFaults(config),
    ...moneyFaults(config),
    ...governanceFaults(config),
    ...moduleFaults(config),
  ];
}

/** What works but deserves a second look, for people. */
export function configWarnings(config: Config): readonly string[] {
  const warnings: string[] = [];
  const { http, modules, chain, mesh } = config;
  if (!isLoopback(http.host)) {
    warnings.push(
      "http.host is not loopback: the API token crosses the network unencrypted unless a TLS proxy is in front",
    );
  }
  if (!isLoopback(http.host) && http.public_read) {
    warnings.push("http.public_read with http.host not loopback: everybody can read this node's state");
  }
  if (http.cors_origins.includes("*")) {
    warnings.push('http.cors_origins has "*": every web page may read this node\'s answers');
  }
  if (modules.require_signatures && Object.keys(modules.trust).length === 0) {
    warnings.push("modules.require_signatures without any key in [modules.trust]: no module can be loaded");
  }
  const trusted = new Set(Object.values(modules.trust)).size;
  if (trusted > 0 && modules.min_signatures > trusted) {
    warnings.push(
      `modules.min_signatures is ${modules.min_signatures}, but [modules.trust] has ${trusted} keys: no signature can suffice`,
    );
  }
  if (/^http:\/\//.test(chain.rpc_url) && !/^http:\/\/(?:127\.|localhost|\[::1\])/.test(chain.rpc_url)) {
    warnings.push(
      "chain.rpc_url is plain http to another machine: its password crosses the network unencrypted",
    );
  }
  if (mesh.enabled && mesh.mode === "open") {
    warnings.push('mesh.mode = "open": packets are relayed without payment');
  }
  return warnings;
}
