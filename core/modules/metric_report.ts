import type { Params } from "./node_api_params.ts";

export const METRIC_TYPES = ["counter", "gauge", "histogram"] as const;
export type MetricType = typeof METRIC_TYPES[number];

/** One report of a metric, checked. */
export interface MetricReport {
  readonly name: string;
  readonly type: MetricType;
  /** One number, for a histogram the observations. */
  readonly values: readonly number[];
  /** In the order of their names. */
  readonly labels: Readonly<Record<string, string>>;
  readonly help: string | undefined;
  readonly buckets: readonly number[] | undefined;
}

const NAME = /^[a-z][a-z0-9_]{0,63}$/;
/** What a histogram adds to its name. */
const RESERVED_ENDING = /_(?:bucket|sum|count)$/;
const LABEL = /^[a-z][a-z0-9_]{0,31}$/;
const MAX_LABELS = 8;
const MAX_LABEL_VALUE = 128;
const MAX_OBSERVATIONS = 1_000;
const MAX_BUCKETS = 32;

/** `{name, type, value | values, labels?, help?, buckets?}`. @throws {CommonsError} `INVALID_PARAMS` */
export function readMetricReport(params: Params): MetricReport {
  const fields = params.options(0, "metric");
  const type = METRIC_TYPES.find((known) => known === fields["type"]);
  if (type === undefined) throw params.fault(`'type' must be one of ${METRIC_TYPES.join(", ")}`);
  const { name, help = null } = fields;
  if (typeof name !== "string" || !NAME.test(name) || RESERVED_ENDING.test(name)) {
    throw params.fault(
      "'name' must be 1 to 64 of a-z, 0-9 and _, start with a letter and not end in _bucket, _sum or _count",
    );
  }
  if (help !== null && (typeof help !== "string" || help.length > 256)) {
    throw params.fault("'help' must be text of at most 256 characters");
  }
  return {
    name,
    type,
    values: readValues(params, { type, fields }),
    labels: readLabels(params, fields["labels"]),
    help: help ?? undefined,
    buckets: readBuckets(params, { type, buckets: fields["buckets"] ?? undefined }),
  };
}

/** What tells one series of a module from all others. */
export function seriesKey({ name, labels }: MetricReport): string {
  return JSON.stringify([name, ...Object.entries(labels)]);
}

function readValues(
  params: Params,
  { type, fields }: { readonly type: MetricType; readonly fields: Readonly<Record<string, unknown>> },
): readonly number[] {
  const given = type === "histogram" && fields["values"] !== undefined ? fields["values"] : [fields["value"]];
  const values = params.asList(given, "values", MAX_OBSERVATIONS);
  return values.map((value) => {
    if (typeof value !== "number" || !Number.isFinite(value)) {
      throw params.fault("'value' must be a finite number");
    }
    if (type === "counter" && value < 0) throw params.fault("the value of a counter must not be below 0");
    return value;
  });
}

function readLabels(params: Params, given: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(params.asRecord(given ?? {}, "labels"));
  if (entries.length > MAX_LABELS) throw params.fault(`'labels' must have at most ${MAX_LABELS} entries`);
  const checked = entries.map(([name, value]): [string, string] => {
    if (!LABEL.test(name) || name === "le") {
      throw params.fault(
        "a label's name must be 1 to 32 of a-z, 0-9 and _, start with a letter and not be le",
      );
    }
    if (typeof value !== "string" || value.length > MAX_LABEL_VALUE) {
      throw params.fault(`a label's value must be text of at most ${MAX_LABEL_VALUE} characters`);
    }
    return [name, value];
  });
  return Object.fromEntries(checked.sort(([a], [b]) => a < b ? -1 : 1));
}

function readBuckets(
  params: Params,
  { type, buckets }: { readonly type: MetricType; readonly buckets: unknown },
): readonly number[] | undefined {
  if (buckets === undefined) return undefined;
  if (type !== "histogram") throw params.fault("'buckets' are for histograms");
  const bounds = params.asList(buckets, "buckets", MAX_BUCKETS).map((bound, i, all) => {
    if (typeof bound === "number" && Number.isFinite(bound) && (i === 0 || bound > Number(all[i - 1]))) {
      return bound;
    }
    throw params.fault("'buckets' must be ascending numbers");
  });
  if (bounds.length === 0) throw params.fault("'buckets' must not be empty");
  return bounds;
}
