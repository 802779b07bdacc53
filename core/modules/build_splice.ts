import { lexImports } from "./imports_locate.ts";
import { SDK_SPECIFIER } from "./imports_resolve.ts";

const NAME = String.raw`[A-Za-z_$][\w$]*`;
const ITEM = String.raw`${NAME}(?:\s+as\s+${NAME})?`;
/** `import { a, b as c } from "…"`, the form that nearly every module has. Anything else takes the bundler. */
const CLAUSE = new RegExp(
  String
    .raw`^import\s*\{\s*((?:${ITEM}\s*,\s*)*(?:${ITEM})?)\s*\}\s*from\s*(?:"${SDK_SPECIFIER}"|'${SDK_SPECIFIER}')$`,
);

/**
 * A single file whose only import is the SDK, made self-contained without a bundler: the SDK becomes a function at the
 * end (where it moves no line of the module), the import a call of it on the first line. Answers `undefined` when the
 * text is not of the simple form. Its outcome is checked like any other build, so it can fail but not deceive.
 */
export function spliceSdk(text: string, sdkText: string): string | undefined {
  const sdk = sdkFunctionBody(sdkText);
  const imports = lexImports(text);
  if (!sdk || imports.length === 0) return undefined;
  let name = "$commonsSdk";
  while (text.includes(name) || sdk.body.includes(name)) name += "$";
  const heads: string[] = [];
  const parts: string[] = [];
  let from = 0;
  for (const { start, end } of imports) {
    const items = importedNames(text.slice(start, end));
    if (!items?.every(({ imported }) => sdk.names.has(imported))) return undefined;
    const bindings = items.map(({ imported, local }) => `${imported}: ${local}`).join(", ");
    heads.push(`const { ${bindings} } = ${name}();`);
    // A semicolon, lest the lines before and after run into each other; and as many lines as there were.
    parts.push(text.slice(from, start), ";", text.slice(start, end).replaceAll(/[^\n\r\u2028\u2029]/g, ""));
    from = end;
  }
  parts.push(text.slice(from));
  if (heads.length !== 1) return undefined;
  const own = parts.join("").replace(/^\ufeff/, "").replace(/^#!.*/, "");
  return `${heads.join(" ")} ${own}\nfunction ${name}() {\n${sdk.body}\nreturn { ${
    [...sdk.names].join(", ")
  } };\n}\n`;
}

function importedNames(statement: string): { imported: string; local: string }[] | undefined {
  const list = CLAUSE.exec(statement)?.[1];
  return list?.split(",").map((item) => item.trim()).filter((item) => item !== "").map((item) => {
    const [imported = "", local = imported] = item.split(/\s+as\s+/);
    return { imported, local };
  });
}

/** Body and names of an SDK text that exports by `export const|function|class` at the start of lines only. */
function sdkFunctionBody(
  sdkText: string,
): { readonly body: string; readonly names: ReadonlySet<string> } | undefined {
  const names = new Set<string>();
  const pattern = /^export (?=(?:const|let|class|(?:async )?function) ([A-Za-z_$][\w$]*))/gm;
  const body = sdkText.replaceAll(pattern, (_, name: string) => {
    names.add(name);
    return "";
  });
  return names.size === 0 || /^\s*(?:export|import)\b/m.test(body) ? undefined : { body, names };
}
