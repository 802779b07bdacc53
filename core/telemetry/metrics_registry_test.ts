import { expect } from "expect";
import { createMetrics } from "./metrics_registry.ts";
import { MAX_SERIES } from "./plain_series.ts";

Deno.test("createMetrics() prints counters, gauges and histograms as Prometheus text", async () => {
  const metrics = createMetrics();
  const counter = metrics.counter({ name: "commons_a_total", help: "A.", labels: ["topic", "why"] });
  counter.inc({ topic: "block", why: "bad" });
  counter.inc({ topic: "block", why: "bad" }, 2);
  counter.inc({ topic: "block", why: 'odd\n"x"' });
  metrics.gauge({ name: "commons_b", help: "B." }).set(-1.5);
  const histogram = metrics.histogram({ name: "commons_c_ms", help: "C.", buckets: [1, 5], labels: ["op"] });
  for (const value of [0.5, 1, 3, 100]) histogram.observe(value, { op: "get" });
  metrics.collect({ name: "commons_d", help: "D.", labels: ["x"] }, () => [[7, { x: "1" }], [8, { x: "2" }]]);

  expect(await metrics.text()).toBe(`# HELP commons_a_total A.
# TYPE commons_a_total counter
commons_a_total{topic="block",why="bad"} 3
commons_a_total{topic="block",why="odd\\n\\"x\\""} 1

# HELP commons_b B.
# TYPE commons_b gauge
commons_b -1.5

# HELP commons_c_ms C.
# TYPE commons_c_ms histogram
commons_c_ms_bucket{op="get",le="1"} 2
commons_c_ms_bucket{op="get",le="5"} 3
commons_c_ms_bucket{op="get",le="+Inf"} 4
commons_c_ms_sum{op="get"} 104.5
commons_c_ms_count{op="get"} 4

# HELP commons_d D.
# TYPE commons_d gauge
commons_d{x="1"} 7
commons_d{x="2"} 8
`);
  expect(metrics.contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
});

Deno.test("createMetrics() shows the numbers of now at each scrape, and metrics made after the first", async () => {
  const metrics = createMetrics();
  const counter = metrics.counter({ name: "commons_a_total", help: "A." });
  expect(await metrics.text()).toContain("\ncommons_a_total 0\n");
  counter.inc();
  metrics.gauge({ name: "commons_late", help: "L." }).set(3);
  const [first, second] = await Promise.all([metrics.text(), metrics.text()]);
  expect(first).toContain("\ncommons_a_total 1\n");
  expect(first).toContain("\ncommons_late 3\n");
  expect(second).toBe(first);
});

Deno.test("createMetrics() gives the same metric for the same name, and refuses another kind", () => {
  const metrics = createMetrics();
  const counter = metrics.counter({ name: "commons_a", help: "A." });
  expect(metrics.counter({ name: "commons_a", help: "A." })).toBe(counter);
  expect(() => metrics.gauge({ name: "commons_a", help: "A." })).toThrow(
    expect.objectContaining({ code: "METRIC_TAKEN" }),
  );
  expect(() => metrics.collect({ name: "commons_a", help: "A." }, () => [])).toThrow(
    expect.objectContaining({ code: "METRIC_TAKEN" }),
  );
});

Deno.test("createMetrics() refuses names that are not its own, and bad buckets", () => {
  const metrics = createMetrics();
  for (const name of ["other_a", "commons_A", "commons_", "commons_a b"]) {
    expect(() => metrics.counter({ name, help: "" })).toThrow(
      expect.objectContaining({ code: "METRIC_NAME" }),
    );
  }
  for (const buckets of [[], [2, 1], [1, 1], [NaN]]) {
    expect(() => metrics.histogram({ name: "commons_h", help: "", buckets })).toThrow(
      expect.objectContaining({ code: "METRIC_BUCKETS" }),
    );
  }
});

Deno.test("createMetrics() bounds the label combinations of a metric", async () => {
  const metrics = createMetrics();
  const counter = metrics.counter({ name: "commons_a_total", help: "A.", labels: ["who"] });
  for (let i = 0; i < MAX_SERIES + 50; i++) counter.inc({ who: `n${i}` });
  const text = await metrics.text();
  expect(text).toContain('commons_a_total{who="other"} 50');
  expect(text.split("\n").filter((line) => line.startsWith("commons_a_total{")).length).toBe(MAX_SERIES + 1);
});

Deno.test("createMetrics() keeps the other metrics when one source throws", async () => {
  const metrics = createMetrics();
  metrics.collect({ name: "commons_bad", help: "B.", kind: "counter" }, () => {
    throw new Error("broken");
  });
  metrics.gauge({ name: "commons_good", help: "G." }).set(1);
  const text = await metrics.text();
  expect(text).toContain("# TYPE commons_bad counter");
  expect(text).toContain("\ncommons_good 1\n");
});

Deno.test("Counter.inc() never goes down, and labels that are missing or unknown do not matter", async () => {
  const metrics = createMetrics();
  const counter = metrics.counter({ name: "commons_a_total", help: "A.", labels: ["x", "y"] });
  counter.inc({ x: "1", y: "2" }, -5);
  counter.inc({ x: "1", y: "2" }, NaN);
  counter.inc({ x: "1", y: "2", z: "3" });
  counter.inc({ x: "1" });
  counter.inc();
  const text = await metrics.text();
  expect(text).toContain('commons_a_total{x="1",y="2"} 1');
  expect(text).toContain('commons_a_total{x="1",y=""} 1');
  expect(text).toContain('commons_a_total{x="",y=""} 1');
});

Deno.test("createMetrics() shows a scope until it is disposed", async () => {
  const metrics = createMetrics();
  metrics.counter({ name: "commons_own_total", help: "O." }).inc();
  const scope = metrics.scope();
  scope.gauge({ name: "commons_scoped", help: "S." }).set(2);
  expect([metrics.has("commons_own_total"), metrics.has("commons_scoped")]).toEqual([true, false]);
  expect(await metrics.text()).toMatch(/commons_own_total 1\n[^]*\ncommons_scoped 2\n$/);
  scope[Symbol.dispose]();
  expect(await metrics.text()).not.toContain("commons_scoped");
});
