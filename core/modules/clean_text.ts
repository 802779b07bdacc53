/** Everything that could move a terminal's cursor or break a line apart: C0 (but tab and line feed), DEL, C1, bidi controls. */
// deno-lint-ignore no-control-regex
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const LONE_SURROGATES = /\p{Surrogate}/gu;

/** `text` from a module, safe to show: control characters replaced, at most `max` UTF-16 units. */
export function cleanText(text: string, max: number): string {
  const cut = text.length > max ? text.slice(0, max) + "…" : text;
  return cut.replaceAll("\r\n", "\n").replace(CONTROLS, "\ufffd").replace(LONE_SURROGATES, "\ufffd");
}

/** As {@linkcode cleanText}, on one line. */
export function cleanLine(text: string, max: number): string {
  return cleanText(text, max).replace(/[\t\n]+/g, " ");
}
