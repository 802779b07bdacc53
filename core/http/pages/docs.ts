import type { Route } from "../route.ts";
import { escapeHtml } from "./html.ts";

/** The page at `/docs`: the route table for people. The whole truth is in `/openapi.json`. */
export function docsHtml(routes: readonly Route[], node: { readonly version: string }): string {
  const sections = [...Map.groupBy(routes, ({ tag }) => tag)].map(([tag, list]) =>
    `<section><h2>${escapeHtml(tag)}</h2><table><tbody>${
      list.map(routeRow).join("")
    }</tbody></table></section>`
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Commons Node API</title><link rel="stylesheet" href="/assets/pages.css"></head>
<body><header><h1>Commons Node ${
    escapeHtml(node.version)
  }: API</h1><nav><a href="/">Dashboard</a> <a href="/openapi.json">OpenAPI 3.1</a></nav></header>
<p>Reads from this machine are open. Everything else needs <code>Authorization: Bearer &lt;api.token&gt;</code>.
Errors are <code>application/problem+json</code> with a stable <code>code</code>.</p>
${sections.join("\n")}
</body></html>
`;
}

function routeRow({ method, path, summary, query }: Route): string {
  const names = Object.entries(query ?? {}).map(([name, about]) =>
    `<br><code>?${escapeHtml(name)}=</code> ${escapeHtml(about)}`
  );
  return `<tr><td class="method">${escapeHtml(method)}</td><td><code>${escapeHtml(path)}</code></td><td>${
    escapeHtml(summary)
  }${names.join("")}</td></tr>`;
}
