import type { Host } from "./host.ts";

const PROTOCOL = /^\/commons\/services\/([1-9][0-9]{0,15})$/;

/**
 * Identify has no field for service bits, but it lists protocols: a node with service bits lists one protocol that
 * says them. Nothing is spoken over it.
 */
export function servicesProtocol(services: number): string {
  return `/commons/services/${services}`;
}

/** Service bits among the protocols that a peer lists, 0 when there are none. The peer's own claim, proven by nothing. */
export function servicesIn(protocols: readonly string[]): number {
  for (const protocol of protocols) {
    const services = Number(PROTOCOL.exec(protocol)?.[1] ?? NaN);
    if (Number.isSafeInteger(services)) return services;
  }
  return 0;
}

/** Lists the node's service bits among the protocols of a host; 0 and absent are none. */
export async function announceServices(host: Host, services: number | undefined): Promise<void> {
  if (services === undefined || services === 0) return;
  await host.handle(servicesProtocol(services), (stream) => {
    stream.abort(new Error("nothing is spoken over this protocol"));
  });
}
