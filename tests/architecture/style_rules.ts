import { isTestCode, repositoryPath } from "./paths.ts";
import { LENGTHS, LONG_FILES } from "./rules.ts";

type Body = { readonly body: Deno.lint.Node | null };

type Context = Deno.lint.RuleContext;

/** Comments that stand in the lines of `range` or right above them. */
function commentsAt(context: Context, [start, end]: readonly [number, number]): string[] {
  const { text } = context.sourceCode;
  const lineOf = (offset: number) => text.slice(0, offset).split("\n").length;
  const [first, last] = [lineOf(start) - 1, lineOf(end)];
  return context.sourceCode.getAllComments()
    .filter(({ range }) => lineOf(range[1]) >= first && lineOf(range[0]) <= last)
    .map(({ value }) => value);
}

function checkSilence(context: Context, body: Deno.lint.Node): void {
  if (body.type !== "BlockStatement" || body.body.length > 0) return;
  if (commentsAt(context, body.range).length > 0) return;
  context.report({ node: body, message: "an error is swallowed here: say why, or handle it" });
}

/** Errors are not swallowed without a word: `catch {}` and `.catch(() => {})` need a comment that says why. */
export const noSilentCatch: Deno.lint.Rule = {
  create: (context) => ({
    CatchClause: (node) => checkSilence(context, node.body),
    CallExpression({ callee, arguments: [handler] }) {
      if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return;
      if (callee.property.name !== "catch" || handler?.type !== "ArrowFunctionExpression") return;
      checkSilence(context, handler.body);
    },
  }),
};

/** The type system is not talked out of its opinion; `any` only where a lint comment gives the reason. */
export const typeEscapes: Deno.lint.Rule = {
  create: (context) => ({
    TSAnyKeyword(node) {
      if (commentsAt(context, node.range).some((text) => /no-explicit-any -- \S/.test(text))) return;
      context.report({ node, message: "any: use unknown and a parser" });
    },
    TSNonNullExpression: (node) => context.report({ node, message: "x!: check it" }),
    Program() {
      // a test may show that something does not type-check
      const silencer = isTestCode(repositoryPath(context.filename)) ? /^\s*@ts-(ignore|nocheck)/ : /^\s*@ts-/;
      for (const { value, range } of context.sourceCode.getAllComments()) {
        if (silencer.test(value)) context.report({ range, message: "the type checker must not be silenced" });
      }
    },
  }),
};

/** No default exports (a module's entry and a lint plugin excepted), enums, `private`, or inheritance but of errors. */
export const shapes: Deno.lint.Rule = {
  create(context) {
    const path = repositoryPath(context.filename);
    const member = (node: Deno.lint.PropertyDefinition | Deno.lint.MethodDefinition) => {
      if (node.accessibility === "private") context.report({ node, message: "use a #private name" });
    };
    return {
      ExportDefaultDeclaration(node) {
        if (/^modules\/|^tests\/.*fixtures?\/|^tests\/architecture\/plugin\.ts$/.test(path)) return;
        context.report({ node, message: "no default exports: name it" });
      },
      TSEnumDeclaration: (node) => context.report({ node, message: "no enums: use a union of texts" }),
      PropertyDefinition: (node) => member(node),
      MethodDefinition: (node) => member(node),
      ClassDeclaration(node) {
        const parent = node.superClass;
        if (parent === null || isTestCode(path)) return;
        if (parent.type === "Identifier" && parent.name.endsWith("Error")) return;
        context.report({ node, message: "no inheritance, except of errors" });
      },
    };
  },
};

/** Files and functions stay short enough to read. */
export const lengths: Deno.lint.Rule = {
  create(context) {
    const path = repositoryPath(context.filename);
    const lines = (node: Deno.lint.Node) => context.sourceCode.getText(node).split("\n").length;
    const fn = (node: Deno.lint.Node & Body) => {
      if (isTestCode(path) || node.body === null || lines(node) <= LENGTHS.function) return;
      context.report({ node, message: `function of ${lines(node)} lines: at most ${LENGTHS.function}` });
    };
    return {
      Program(node) {
        const limit = isTestCode(path) ? LENGTHS.testFile : LENGTHS.file;
        const length = context.sourceCode.text.trimEnd().split("\n").length;
        if (length <= limit || Object.hasOwn(LONG_FILES, path)) return;
        context.report({ node, message: `file of ${length} lines: at most ${limit}` });
      },
      FunctionDeclaration: (node) => fn(node),
      FunctionExpression: (node) => fn(node),
      ArrowFunctionExpression: (node) => fn(node),
    };
  },
};
