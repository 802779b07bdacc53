import { errorText } from "../base/mod.ts";
import { configWarnings, contradictions } from "./contradictions.ts";
import { Layers } from "./layers.ts";
import { configError, type ConfigSource, shownKey, sourceText } from "./problems.ts";
import { profileText } from "./profiles.ts";
import { type Config, type KeyFault, KEYS, readKeys } from "./schema.ts";
import { isTable, parseToml, type Table } from "./toml.ts";

/** Where configuration comes from. Reading files and the environment is the caller's business. */
export interface LoadConfigInit {
  /** `--config` */
  readonly file?: string | undefined;
  /** `--set section.key=value`, in order; a later one wins. */
  readonly set: readonly string[];
  /** The process's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** `--data-dir` */
  readonly dataDir?: string | undefined;
  /** `--log-format` */
  readonly logFormat?: string | undefined;
  /** Text of a file; throws what Deno throws. */
  readonly read: (path: string) => string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Source of each key that has not its default, by `section.key`. */
  readonly sources: ReadonlyMap<string, ConfigSource>;
  /** What works but deserves a second look; for the log. */
  readonly warnings: readonly string[];
}

/**
 * The effective configuration: flags over `COMMONS_SECTION__KEY` variables over the file over the network's profile over
 * the defaults. Module names with a hyphen cannot be written as a variable; use a flag or the file for their settings.
 * Needs no Deno permission itself (`read` does).
 * @throws {CommonsError} `CONFIG_UNREADABLE`, `CONFIG_TOO_LARGE`, `CONFIG_SYNTAX`, `CONFIG_UNKNOWN_KEY`,
 * `CONFIG_INVALID_VALUE`, `CONFIG_CONTRADICTION`, `CONFIG_BAD_FLAG`; each names key and source, none shows a value
 */
export function loadConfig(init: LoadConfigInit): LoadedConfig {
  const file = init.file === undefined ? undefined : readFile(init.file, init.read);
  const chosen = addOutside(new Layers(), init, file);
  const network = networkOf(chosen);
  const profile = parseToml(profileText(network), `network profile ${network}`);
  const layers = new Layers();
  layers.addTable(profile, { layer: "profile", name: network });
  addOutside(layers, init, file);
  const config = deepFreeze(parse(layers));
  refuseContradictions(config);
  return { config, sources: layers.sources, warnings: configWarnings(config) };
}

interface ConfigFile {
  readonly table: Table;
  readonly source: ConfigSource;
}

function readFile(file: string, read: LoadConfigInit["read"]): ConfigFile {
  let text: string;
  try {
    text = read(file);
  } catch (cause) {
    throw configError("CONFIG_UNREADABLE", `cannot read ${file}: ${errorText(cause)}`, {
      cause,
      detail: { file },
    });
  }
  return { table: parseToml(text, file), source: { layer: "file", name: file } };
}

function addOutside(layers: Layers, init: LoadConfigInit, file: ConfigFile | undefined): Layers {
  if (file !== undefined) layers.addTable(file.table, file.source);
  addEnvironment(layers, init.env);
  addFlags(layers, init);
  return layers;
}

function addEnvironment(layers: Layers, env: LoadConfigInit["env"]): void {
  const dataDir = env["COMMONS_DATA_DIR"];
  if (dataDir !== undefined && dataDir !== "") {
    const other = env["COMMONS_NODE__DATA_DIR"];
    if (other !== undefined && other !== dataDir) {
      throw configError("CONFIG_CONTRADICTION", "COMMONS_DATA_DIR and COMMONS_NODE__DATA_DIR differ");
    }
    layers.addText(["node", "data_dir"], dataDir, { layer: "env", name: "COMMONS_DATA_DIR" });
  }
  for (const [name, value] of Object.entries(env).sort(([a], [b]) => a < b ? -1 : 1)) {
    if (!name.startsWith("COMMONS_") || !name.slice("COMMONS_".length).includes("__")) continue;
    const path = name.slice("COMMONS_".length).toLowerCase().split("__");
    layers.addText(path, value, { layer: "env", name });
  }
}

function addFlags(layers: Layers, init: LoadConfigInit): void {
  const seen = new Set<string>();
  for (const setting of init.set) {
    const at = setting.indexOf("=");
    const key = setting.slice(0, at).trim();
    if (at < 1 || key === "") {
      throw configError("CONFIG_BAD_FLAG", "--set needs section.key=value");
    }
    seen.add(key);
    layers.addText(key.split("."), setting.slice(at + 1).trim(), {
      layer: "flag",
      name: `--set ${shownKey(key)}`,
    });
  }
  const flags = [["node.data_dir", "--data-dir", init.dataDir], [
    "log.format",
    "--log-format",
    init.logFormat,
  ]] as const;
  for (const [key, flag, value] of flags) {
    if (value === undefined) continue;
    if (seen.has(key)) throw configError("CONFIG_CONTRADICTION", `${flag} and --set ${key} are both given`);
    layers.addText(key.split("."), value, { layer: "flag", name: flag });
  }
}

/** The network, before anything is checked: it decides which profile lies below. */
function networkOf(layers: Layers): string {
  const node = layers.raw["node"];
  const network = isTable(node) ? node["network"] : undefined;
  return typeof network === "string" ? network : "mainnet";
}

function parse(layers: Layers): Config {
  const faults: KeyFault[] = [];
  const values = readKeys(KEYS, layers.raw, faults);
  if (faults.length > 0) throw invalidValues(layers, faults);
  const modules = { ...Object(values["modules"]), settings: settingsOf(layers.raw["modules"]) };
  return { ...values, modules } as Config; // every key has been read by its own rule
}

/** `[modules.<name>]` of each module; the layers have checked them. */
function settingsOf(modules: unknown): unknown {
  return isTable(modules) && isTable(modules["settings"]) ? { ...modules["settings"] } : {};
}

function invalidValues(layers: Layers, faults: readonly KeyFault[]) {
  const problems = faults.slice(0, 5).map(({ path, fault }) => {
    const source = layers.sourceOf(path);
    const where = source === undefined ? "" : ` (${sourceText(source)})`;
    return { key: path.join("."), text: `${shownKey(path.join("."))} ${fault}${where}` };
  });
  return configError("CONFIG_INVALID_VALUE", problems.map(({ text }) => text).join("; "), {
    detail: { keys: problems.map(({ key }) => key) },
  });
}

function refuseContradictions(config: Config): void {
  const found = contradictions(config);
  if (found.length === 0) return;
  const text = found.slice(0, 5).map(({ keys, why }) => `${keys.join(" and ")} ${why}`).join("; ");
  throw configError("CONFIG_CONTRADICTION", text, { detail: { keys: found.flatMap(({ keys }) => keys) } });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
