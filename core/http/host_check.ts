import { CommonsError } from "../base/mod.ts";

/** Decides which `Host` and `Origin` a request may carry. */
export interface HostCheck {
  /** `host` as in the request's URL: `name[:port]`. */
  allowsHost(host: string): boolean;
  allowsOrigin(origin: string, host: string): boolean;
  /** True when answers to `origin` carry CORS headers. */
  isListed(origin: string): boolean;
}

const LOOPBACK_HOST = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?$/i;
const IP_LITERAL_HOST = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;

/**
 * Good hosts are: `localhost` and loopback literals with any port (a tunnel or a container maps ports, and a rebinding
 * page cannot have these names), the configured host with the port listened on, hosts of listed origins, and, when
 * listening on every address, any IP literal (rebinding needs a name). Good origins are the request's own and listed ones.
 *
 * @throws {CommonsError} `INVALID_CORS_ORIGIN`
 */
export function createHostCheck(
  init: { readonly host: string; readonly corsOrigins: readonly string[]; readonly port: () => number },
): HostCheck {
  const origins = new Set(init.corsOrigins.map(parseOrigin));
  const originHosts = new Set([...origins].map((origin) => new URL(origin).host));
  const configured = urlHost(init.host).toLowerCase();
  const wildcard = isWildcard(init.host);
  let lastGood = "/"; // most requests carry the same Host; no host is "/"

  const allowed = (host: string): boolean => {
    if (LOOPBACK_HOST.test(host)) return true;
    const lower = host.toLowerCase();
    if (lower === configured || lower === `${configured}:${init.port()}`) return true;
    return originHosts.has(lower) || (wildcard && IP_LITERAL_HOST.test(host));
  };

  return {
    allowsHost(host) {
      if (host === lastGood) return true;
      if (!allowed(host)) return false;
      lastGood = host;
      return true;
    },
    allowsOrigin: (origin, host) =>
      origin.toLowerCase() === `http://${host.toLowerCase()}` || origins.has(origin),
    isListed: (origin) => origins.has(origin),
  };
}

/** A host as URLs write it: IPv6 in brackets. */
export function urlHost(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

/** True for the addresses that mean "every address of this machine". */
export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::" || host === "[::]" || host === "";
}

function parseOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined || !/^https?:$/.test(url.protocol) ||
    url.origin !== text.toLowerCase().replace(/\/$/, "")
  ) {
    throw new CommonsError(
      "INVALID_CORS_ORIGIN",
      `Cannot use ${JSON.stringify(text)} as a CORS origin: need scheme://host[:port] and nothing more`,
    );
  }
  return url.origin;
}
