import type { Host } from "./host.ts";
import { SlowReaders, type SlowReadersComponents } from "./slow_readers.ts";
import { StreamFloods } from "./stream_floods.ts";

export interface ConductComponents extends Omit<SlowReadersComponents, "connections"> {
  readonly host: Host;
}

/** Watches how peers use their connections, until it is disposed. */
export function watchConduct({ host, ...components }: ConductComponents): Disposable {
  const readers = new SlowReaders({ ...components, connections: () => host.getConnections() });
  const streams = new StreamFloods(components);
  host.addEventListener("connection:open", ({ detail }) => {
    readers.opened(detail);
    streams.opened(detail);
  });
  return readers;
}
