import { jsonAnswer } from "../json.ts";
import { DASHBOARD_HTML, DASHBOARD_JS, PAGES_CSS } from "../pages/dashboard.ts";
import { docsHtml } from "../pages/docs.ts";
import { page } from "../pages/html.ts";
import type { Route } from "../route.ts";

/** Dashboard and documentation. `others` are all other routes; what is made from them is made on the first request. */
export function pageRoutes(others: readonly Route[], node: { readonly version: string }): readonly Route[] {
  let document: Promise<string> | undefined;
  const openApi = async () => {
    const { openApiDocument } = await import("../openapi.ts");
    return JSON.stringify(openApiDocument(routes, node));
  };
  const fixed = (path: string, summary: string, answer: () => Response): Route => ({
    method: "GET",
    path,
    tag: "pages",
    summary,
    answer: { type: "text/html" },
    handler: answer,
  });
  const own: readonly Route[] = [
    fixed("/", "Dashboard.", () => page(DASHBOARD_HTML, "html")),
    fixed("/docs", "This table.", () => page(docsHtml(routes, node), "html")),
    fixed("/assets/dashboard.js", "Script of the dashboard.", () => page(DASHBOARD_JS, "javascript")),
    fixed("/assets/pages.css", "Style of the pages.", () => page(PAGES_CSS, "css")),
    {
      method: "GET",
      path: "/openapi.json",
      tag: "pages",
      summary: "This API as an OpenAPI 3.1 document.",
      answer: {},
      handler: async () => jsonAnswer(await (document ??= openApi())),
    },
  ];
  const routes = [...others, ...own];
  return own;
}
