const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** `value` as text for HTML, in elements and in quoted attributes. */
export function escapeHtml(value: unknown): string {
  return String(value).replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

/** Nothing from anywhere but this node, nothing inline, no frames. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** A page or an asset of the node itself. */
export function page(text: string, type: "html" | "css" | "javascript"): Response {
  return new Response(text, {
    headers: {
      "content-type": `text/${type}; charset=utf-8`,
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-cache",
    },
  });
}
