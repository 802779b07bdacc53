/** The page at `/`. What it shows comes from the API, put in as text only. */
export const DASHBOARD_HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Commons Node</title>
<link rel="stylesheet" href="/assets/pages.css">
<script src="/assets/dashboard.js" defer></script>
</head>
<body>
<header><h1>Commons Node</h1><nav><a href="/docs">API</a> <a href="/metrics">Metrics</a> <a href="/ready">Ready</a></nav></header>
<p id="fault" role="alert" hidden></p>
<main>
<section aria-labelledby="node-title"><h2 id="node-title">Node</h2><dl id="node"></dl></section>
<section aria-labelledby="peers-title"><h2 id="peers-title">Peers</h2>
<table><thead><tr><th>Peer</th><th>Address</th><th>Direction</th><th>Agent</th><th>Score</th></tr></thead><tbody id="peers"></tbody></table></section>
<section aria-labelledby="modules-title"><h2 id="modules-title">Modules</h2>
<table><thead><tr><th>Module</th><th>Version</th><th>State</th><th>Health</th><th>Memory</th><th>Restarts</th></tr></thead><tbody id="modules"></tbody></table></section>
<section aria-labelledby="events-title"><h2 id="events-title">Events</h2><ol id="events" aria-live="polite"></ol></section>
</main>
</body>
</html>
`;

/** Its script: `textContent` only, never markup from data. */
export const DASHBOARD_JS = `"use strict";
const byId = (id) => document.getElementById(id);
const element = (name, text) => {
  const node = document.createElement(name);
  node.textContent = text === undefined || text === null ? "" : String(text);
  return node;
};
const row = (cells) => {
  const tr = document.createElement("tr");
  tr.append(...cells.map((cell) => element("td", cell)));
  return tr;
};
const fault = (text) => {
  byId("fault").hidden = text === "";
  byId("fault").textContent = text;
};
const get = async (path) => {
  const response = await fetch("/api/v1" + path, { headers: { accept: "application/json" } });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail || answer.title);
  return answer;
};
const rows = (id, list, cells, none) =>
  byId(id).replaceChildren(...(list.length ? list.map((item) => row(cells(item))) : [row([none])]));
const show = async () => {
  try {
    const [node, { peers }, { modules }] = await Promise.all([get("/node"), get("/peers"), get("/modules")]);
    const facts = Object.entries(node).map(([name, value]) => [name, Array.isArray(value) ? value.join("\\n") : value]);
    byId("node").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
    rows("peers", peers, (peer) => [peer.peerId, peer.address, peer.direction, peer.userAgent, peer.score], "none");
    rows("modules", modules, (module) => [
      module.name, module.version, module.state + (module.reason ? ": " + module.reason.message : ""), module.health,
      Math.round(module.memory.rssBytes / 1048576) + " MB", module.restarts,
    ], "none");
    fault("");
  } catch (error) {
    fault("Cannot reach the node: " + error.message);
  }
};
const MAX_EVENTS = 100;
const watch = async () => {
  // The catalogue is large and an EventSource hears only the types it names, so the stream is read by hand.
  for (let last = ""; ; await new Promise((resolve) => setTimeout(resolve, 2000))) {
    try {
      const response = await fetch("/api/v1/events", { headers: last ? { "last-event-id": last } : {} });
      if (!response.ok) throw new Error("status " + response.status);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ""; ; ) {
        const { done, value } = await reader.read();
        if (done) break;
        const parts = (rest + value).split("\\n\\n");
        rest = parts.pop();
        for (const part of parts) {
          const data = part.split("\\n").find((line) => line.startsWith("data: "));
          if (!data) continue;
          const event = JSON.parse(data.slice(6));
          last = String(event.id);
          const time = new Date(event.time).toISOString().slice(11, 19);
          byId("events").prepend(element("li", time + " " + event.type + " " + JSON.stringify(event.payload).slice(0, 300)));
          while (byId("events").children.length > MAX_EVENTS) byId("events").lastChild.remove();
        }
      }
    } catch (error) {
      console.warn("event stream ended", error);
    }
  }
};
show();
setInterval(show, 5000);
watch();
`;

export const PAGES_CSS = `:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; }
header { display: flex; align-items: baseline; justify-content: space-between; flex-wrap: wrap; gap: 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0; }
dt { opacity: .7; } dd { margin: 0; overflow-wrap: anywhere; white-space: pre-line; }
section { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884; overflow-wrap: anywhere; vertical-align: top; }
ol { list-style: none; margin: 0; padding: 0; font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
code { font: 13px ui-monospace, monospace; } pre { overflow-x: auto; padding: .5rem; background: #8881; }
#fault { color: #b00020; font-weight: 600; }
.method { font-weight: 600; }
`;
