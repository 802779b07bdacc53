import type { Counter, Gauge, Labels } from "./metrics.ts";

/** Most label combinations of one metric. */
export const MAX_SERIES = 1000;

/** One value for each combination of labels. Finding one again costs a map look-up and no allocation for one label. */
export class LabelTable<V> {
  readonly #names: readonly string[];
  readonly #make: () => V;
  readonly #rows = new Map<string, { readonly labels: Labels; readonly value: V }>();
  #bare: V | undefined;

  constructor(names: readonly string[], make: () => V) {
    this.#names = names;
    this.#make = make;
  }

  /** The value of `labels`; missing labels count as "", unknown ones are ignored. */
  at(labels: Labels | undefined): V {
    if (this.#names.length === 0) return this.#bare ??= this.#make();
    const key = this.#key(labels);
    const row = this.#rows.get(key);
    if (row !== undefined) return row.value;
    return this.#rows.size < MAX_SERIES ? this.#add(key, labels) : this.#overflow();
  }

  *entries(): Iterable<readonly [V, Labels]> {
    if (this.#names.length === 0) yield [this.#bare ??= this.#make(), {}];
    for (const { labels, value } of this.#rows.values()) yield [value, labels];
  }

  #key(labels: Labels | undefined): string {
    const [only] = this.#names;
    if (only !== undefined && this.#names.length === 1) return labels?.[only] ?? "";
    let key = "";
    for (const name of this.#names) key += (labels?.[name] ?? "") + "\u0000";
    return key;
  }

  #add(key: string, labels: Labels | undefined): V {
    const own = Object.fromEntries(this.#names.map((name) => [name, labels?.[name] ?? ""]));
    const value = this.#make();
    this.#rows.set(key, { labels: own, value });
    return value;
  }

  #overflow(): V {
    const other = Object.fromEntries(this.#names.map((name) => [name, "other"]));
    const key = this.#key(other);
    return this.#rows.get(key)?.value ?? this.#add(key, other);
  }
}

/** Numbers of a counter or a gauge. */
export class PlainSeries implements Counter, Gauge {
  readonly #table: LabelTable<{ value: number }>;

  constructor(labels: readonly string[]) {
    this.#table = new LabelTable(labels, () => ({ value: 0 }));
  }

  /** Adds to the value; what is not a positive number is ignored. */
  inc(labels?: Labels, value = 1): void {
    if (value > 0 && value < Infinity) this.#table.at(labels).value += value;
  }

  set(value: number, labels?: Labels): void {
    this.#table.at(labels).value = value;
  }

  *samples(): Iterable<readonly [number, Labels]> {
    for (const [{ value }, labels] of this.#table.entries()) yield [value, labels];
  }
}
