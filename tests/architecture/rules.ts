/** Units of `core/`, lowest first; units in one row do not know each other. */
const LEVELS: readonly (readonly string[])[] = [
  ["base"],
  ["telemetry", "bitcoin"], // whatever lives may be given a logger and metrics; Bitcoin's formats do no I/O
  ["config", "events", "store", "identity"],
  ["bans"],
  ["p2p", "chain"],
  ["governance", "mesh"],
  ["modules"],
  ["http"],
  ["node"],
];

function arrows(): Map<string, ReadonlySet<string>> {
  const allowed = new Map<string, ReadonlySet<string>>();
  const below = new Set<string>(["protocol"]);
  for (const level of LEVELS) {
    for (const unit of level) allowed.set(unit, new Set(below));
    for (const unit of level) below.add(unit);
  }
  allowed.set("node", new Set([...below, "deno.json"]));
  // The command line is a client of the HTTP API: it knows files and texts, and no service. Of the modules it takes the
  // author's tools, which work on folders.
  allowed.set("cli", new Set(["base", "config", "identity", "modules"]));
  allowed.set("protocol", new Set());
  allowed.set("sdk", new Set(["protocol"]));
  allowed.set("workers", new Set(["protocol", "sdk"]));
  allowed.set("main.ts", new Set(["cli", "node", "workers", "deno.json"]));
  return allowed;
}

/** Which units a unit may import from, besides itself. What is not listed imports from nowhere. */
export const ARROWS: ReadonlyMap<string, ReadonlySet<string>> = arrows();

/** A power and the files that may use it, as regular expressions on repository paths. */
export interface Power {
  readonly files: readonly RegExp[];
  readonly why: string;
}

/** Members of `Deno` that not everybody may use. */
export const DENO_POWERS: Readonly<Record<string, Power>> = {
  openKv: { files: [/^core\/store\//], why: "the store is the only door to the disk's KV file" },
  Command: {
    files: [/^core\/modules\//],
    why: "the only processes that the node starts are cells and builds",
  },
  serve: { files: [/^core\/http\//], why: "one HTTP server" },
  env: {
    files: [/^core\/config\//, /^core\/cli\/io\.ts$/, /^core\/run_node\.ts$/],
    why: "the environment is configuration",
  },
  listen: { files: [/^core\/modules\//], why: "only cells' sockets are listened on without libp2p or HTTP" },
  connect: {
    files: [/^workers\//, /^core\/chain\//],
    why: "outgoing connections belong to P2P, chain and cells",
  },
  watchFs: {
    files: [/^core\/modules\/watch_folder\.ts$/],
    why: "the only folder that is watched is the modules'",
  },
  kill: { files: [/^core\/modules\//, /^workers\//], why: "only cells are killed" },
  exit: {
    files: [/^main\.ts$/, /^core\/run_node\.ts$/, /^workers\//, /^core\/modules\/build_child\.ts$/],
    why: "services stop by being stopped",
  },
  dlopen: { files: [], why: "no native code" },
};

/** Global constructors and functions that not everybody may use. */
export const GLOBAL_POWERS: Readonly<Record<string, Power>> = {
  Worker: {
    files: [/^workers\/cell\.ts$/, /^workers\/runtime\//, /^core\/modules\/build_child\.ts$/],
    why: "a cell starts exactly one Worker, a build process one watchdog",
  },
  Function: { files: [], why: "no code from text" },
  eval: { files: [], why: "no code from text" },
};

/** Packages that not everybody may import; the first pattern that matches decides. */
export const PACKAGE_POWERS: readonly (Power & { readonly packages: RegExp })[] = [
  {
    packages: /^@libp2p\/(crypto|peer-id|interface)/,
    files: [/^core\/p2p\//, /^core\/identity\//],
    why: "keys and peer ids are made in identity",
  },
  {
    packages: /^(libp2p|@libp2p|@chainsafe|@multiformats)(\/|$)/,
    files: [/^core\/p2p\//],
    why: "the wire belongs to P2P",
  },
  { packages: /^hono(\/|$)|^@hono\//, files: [/^core\/http\//], why: "one HTTP server" },
  { packages: /^commander$/, files: [/^core\/cli\//], why: "only the command line parses commands" },
  {
    packages: /^node:vm$/,
    files: [/^core\/modules\/imports_parse\.ts$/],
    why: "modules' texts are parsed in one place, and never run",
  },
  {
    packages: /^node:(child_process|worker_threads|cluster|vm|net|http|https)$/,
    files: [],
    why: "use the one door",
  },
];

/** Most lines of a file and of a function. */
export const LENGTHS = { file: 350, testFile: 600, function: 80 } as const;

/** Files that may be longer than {@linkcode LENGTHS} says, each with its reason. */
export const LONG_FILES: Readonly<Record<string, string>> = {
  "core/events/catalogue_table.ts": "a table: one entry for each event of the catalogue",
};
