import { isTestCode, repositoryPath } from "./paths.ts";
import { DENO_POWERS, GLOBAL_POWERS, type Power } from "./rules.ts";

function nameOf(node: Deno.lint.Node): string | undefined {
  if (node.type === "Identifier") return node.name;
  return node.type === "Literal" && typeof node.value === "string" ? node.value : undefined;
}

/** `Deno` itself, also as `globalThis.Deno`. */
function isDeno(node: Deno.lint.Node): boolean {
  if (node.type === "Identifier") return node.name === "Deno";
  return node.type === "MemberExpression" && nameOf(node.property) === "Deno";
}

function denied(powers: Readonly<Record<string, Power>>, name: string, path: string): string | undefined {
  const power = Object.hasOwn(powers, name) ? powers[name] : undefined;
  if (power === undefined || isTestCode(path) || power.files.some((file) => file.test(path))) {
    return undefined;
  }
  return power.why;
}

/** Which files may use which power of `Deno` and of the globals. */
export const powers: Deno.lint.Rule = {
  create(context) {
    const path = repositoryPath(context.filename);
    const global = (node: Deno.lint.Node, callee: Deno.lint.Node) => {
      const name = callee.type === "MemberExpression" ? nameOf(callee.property) : nameOf(callee);
      const why = denied(GLOBAL_POWERS, name ?? "", path);
      if (why !== undefined) context.report({ node, message: `${name} is not for this file: ${why}` });
    };
    return {
      MemberExpression(node) {
        if (!isDeno(node.object)) return;
        const name = node.computed && node.property.type !== "Literal" ? undefined : nameOf(node.property);
        const why = name === undefined ? "name the member" : denied(DENO_POWERS, name, path);
        if (why !== undefined) context.report({ node, message: `Deno.${name} is not for this file: ${why}` });
      },
      VariableDeclarator(node) {
        if (node.init === null || !isDeno(node.init) || isTestCode(path)) return;
        context.report({
          node,
          message: "Deno must not be given another name: its powers could not be checked",
        });
      },
      NewExpression: (node) => global(node, node.callee),
      CallExpression: (node) => node.callee.type === "Identifier" && global(node, node.callee),
    };
  },
};
