import { CommonsError, parseModuleName, withDeadline } from "../../base/mod.ts";
import { type BodyOptions, readJson } from "../body.ts";
import { json } from "../json.ts";
import { problemOf } from "../problem.ts";
import { integerQuery } from "../query.ts";
import type { AppContext, Route } from "../route.ts";
import * as schemas from "../schemas.ts";
import type { HttpComponents } from "../types.ts";

/** A start builds, verifies and waits for the module's own start. */
const LIFECYCLE_DEADLINE_MS = 120_000;
const CALL_DEADLINE_MS = 65_000;
const MAX_LINES = 10_000;

/** `/modules` and what can be done with one. */
export function moduleRoutes(
  { modules, clock, logger }: Pick<HttpComponents, "modules" | "clock" | "logger">,
  body: BodyOptions,
): readonly Route[] {
  const within = <T>(ms: number, work: Promise<T>, what: string) => withDeadline(clock, ms, work, what);
  const action = (name: "load" | "unload" | "reload" | "approve" | "revoke", summary: string): Route => ({
    method: "POST",
    path: `/api/v1/modules/{name}/${name}`,
    tag: "modules",
    summary,
    answer: { schema: schemas.moduleView },
    codes: ["MODULE_NOT_FOUND", "MODULE_ALREADY_LOADED", "MODULE_REJECTED", "NEEDS_APPROVAL", "START_FAILED"],
    async handler(c) {
      try {
        return json(await within(LIFECYCLE_DEADLINE_MS, modules[name](nameOf(c)), `${name} the module`));
      } catch (error) {
        return problemOf(error, { logger, refusal: 422 }); // what is wrong with the module has many codes
      }
    },
  });
  return [
    {
      method: "GET",
      path: "/api/v1/modules",
      tag: "modules",
      summary: "All modules that were found.",
      answer: { schema: schemas.modulesView },
      async handler() {
        await modules.discover();
        return json({ modules: modules.list() });
      },
    },
    {
      method: "GET",
      path: "/api/v1/modules/{name}",
      tag: "modules",
      summary: "One module.",
      answer: { schema: schemas.moduleView },
      codes: ["MODULE_NOT_FOUND"],
      handler: async (c) => json(await freshView(modules, nameOf(c))),
    },
    action("load", "Verify and start it, and before it what it needs."),
    action("unload", "Stop it, and before it what needs it."),
    action(
      "reload",
      "Read and verify it again, and put it in the place of what runs, which stays when that fails.",
    ),
    action("approve", "Grant what its manifest asks for, pinned to its code."),
    action("revoke", "Take the grants back and stop it."),
    {
      method: "POST",
      path: "/api/v1/modules/{name}/call",
      tag: "modules",
      summary: "Call a method that it exposed. 64-bit integers answer as decimal text, bytes as hex.",
      request: schemas.moduleCallBody,
      answer: { schema: schemas.moduleResult },
      codes: ["MODULE_NOT_FOUND", "MODULE_NOT_RUNNING", "NO_SUCH_METHOD", "MODULE_FAILED", "TIMEOUT"],
      async handler(c) {
        const name = nameOf(c);
        const { method, params } = schemas.parseBody(schemas.moduleCallBody, await readJson(c.req.raw, body));
        const call = modules.call(name, method, params ?? null, { caller: "operator" });
        return json({ result: await within(CALL_DEADLINE_MS, call, `call ${name}`) ?? null });
      },
    },
    ...insightRoutes(modules),
  ];
}

/** What modules say and do, and what they could do. */
function insightRoutes(modules: HttpComponents["modules"]): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/api/v1/modules/{name}/logs",
      tag: "modules",
      summary: "Its last log lines, oldest first.",
      query: { limit: "at most so many lines" },
      answer: { schema: schemas.moduleLines },
      codes: ["MODULE_NOT_FOUND"],
      handler(c) {
        const limit = integerQuery(c.req.query("limit"), "limit", MAX_LINES);
        return json({ lines: modules.logs(nameOf(c), limit === undefined ? {} : { limit }) });
      },
    },
    {
      method: "GET",
      path: "/api/v1/modules/{name}/audit",
      tag: "modules",
      summary: "Its last calls into the node, refused ones too, oldest first.",
      query: { limit: "at most so many calls (1,000 are kept)" },
      answer: { schema: schemas.moduleAudit },
      codes: ["MODULE_NOT_FOUND"],
      handler(c) {
        const limit = integerQuery(c.req.query("limit"), "limit", MAX_LINES);
        const calls = modules.audit(nameOf(c), limit === undefined ? {} : { limit });
        return json({ calls: calls.map((call) => ({ ...call, at: new Date(call.at).toISOString() })) });
      },
    },
    {
      method: "GET",
      path: "/api/v1/module-api",
      tag: "modules",
      summary: "What modules can call, the capability that it needs, and what does not work in this node.",
      answer: { schema: schemas.moduleApi },
      handler: () => json({ methods: modules.api() }),
    },
  ];
}

/** A folder may have been dropped in since anybody looked. */
async function freshView(modules: HttpComponents["modules"], name: string) {
  if (modules.get(name) === undefined) await modules.discover();
  const view = modules.get(name);
  if (view === undefined) throw new CommonsError("MODULE_NOT_FOUND", `Cannot show ${name}: no such module`);
  return view;
}

function nameOf(c: AppContext): string {
  return parseModuleName(c.req.param("name"));
}
