import { expect } from "expect";
import { startTestNode } from "../support/node_process.ts";

const DASHBOARD = new URL("../../docs/grafana/commons-node.json", import.meta.url);
const ROWS = ["Node", "P2P", "Gossip", "Bans", "Chain", "Modules and cells", "HTTP and WebSocket", "Store"];
/** What Prometheus makes of a histogram. */
const OF_HISTOGRAM = /_(?:bucket|sum|count)$/;

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

async function readDashboard() {
  const dashboard = JSON.parse(await Deno.readTextFile(DASHBOARD));
  const panels: readonly Panel[] = dashboard.panels;
  return { dashboard, panels };
}

/** Name → type of everything that a node exposes, with values or without, and each metric's label names in its samples. */
function exposed(text: string): { types: Map<string, string>; labels: Map<string, Set<string>> } {
  const types = new Map<string, string>();
  const labels = new Map<string, Set<string>>();
  for (const line of text.split("\n")) {
    const [, name = "", type = ""] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (name !== "") types.set(name, type);
    const [, sample = "", found = ""] = /^([a-z0-9_]+)\{(.*)\} \S+$/.exec(line) ?? [];
    if (sample === "") continue;
    const known = labels.get(sample) ?? new Set();
    for (const [, label = ""] of found.matchAll(/([a-z_][a-z0-9_]*)="/g)) known.add(label);
    labels.set(sample, known);
  }
  return { types, labels };
}

Deno.test("docs/grafana/commons-node.json is a dashboard whose panels lie side by side", async () => {
  const { dashboard, panels } = await readDashboard();
  expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(39); // Grafana 10
  expect(dashboard.templating.list.map(({ name }: { name: string }) => name)).toEqual([
    "datasource",
    "job",
    "instance",
  ]);
  expect(panels.filter(({ type }) => type === "row").map(({ title }) => title)).toEqual(ROWS);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = new Set<string>();
  for (const { title, gridPos: { x, y, w, h } } of panels) {
    expect([title, x >= 0 && x + w <= 24]).toEqual([title, true]);
    for (let i = x; i < x + w; i++) {
      for (let j = y; j < y + h; j++) {
        expect([title, cells.has(`${i} ${j}`)]).toEqual([title, false]);
        cells.add(`${i} ${j}`);
      }
    }
  }
});

Deno.test("every metric that the dashboard asks for is one of a running node", async () => {
  const { panels } = await readDashboard();
  const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
  await using node = await startTestNode();
  const { body } = await node.api("/metrics");
  const { types, labels } = exposed(String(body));
  expect(queries.length).toBeGreaterThan(50);
  for (const { title, expr } of queries) {
    const names = expr.match(/commons_[a-z0-9_]+/g) ?? [];
    expect([title, names.length > 0]).toEqual([title, true]);
    for (const name of names) {
      const base = types.get(name) === undefined ? name.replace(OF_HISTOGRAM, "") : name;
      expect([title, name, types.has(base)]).toEqual([title, name, true]);
      if (base !== name) expect([name, types.get(base)]).toEqual([name, "histogram"]);
    }
    const [name = ""] = names;
    const asked = /by \(([a-z, ]+)\)/.exec(expr)?.[1]?.split(", ") ?? [];
    for (const label of asked) {
      // what has no sample yet shows no labels
      const known = labels.get(name);
      if (known === undefined || label === "instance") continue;
      expect([title, label, known.has(label)]).toEqual([title, label, true]);
    }
  }
});
