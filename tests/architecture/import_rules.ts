import { importFault } from "./imports.ts";

type Reporter = { readonly filename: string; report(data: Deno.lint.ReportData): void };

function check(context: Reporter, node: Deno.lint.Node, source: Deno.lint.Node | null): void {
  if (source?.type !== "Literal" || typeof source.value !== "string") return;
  const fault = importFault({ from: context.filename, specifier: source.value });
  if (fault !== undefined) context.report({ node, message: `"${source.value}": ${fault}` });
}

/** Arrows between folders, their doors, and who may import which package. */
export const imports: Deno.lint.Rule = {
  create: (context) => ({
    ImportDeclaration: (node) => check(context, node, node.source),
    ImportExpression: (node) => check(context, node, node.source),
    ExportNamedDeclaration: (node) => check(context, node, node.source),
    ExportAllDeclaration: (node) => check(context, node, node.source),
  }),
};
