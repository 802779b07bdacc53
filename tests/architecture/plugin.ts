import { imports } from "./import_rules.ts";
import { powers } from "./power_rules.ts";
import { lengths, noSilentCatch, shapes, typeEscapes } from "./style_rules.ts";

/** The house rules as a plugin of `deno lint`; `architecture_test.ts` runs the same plugin over every file. */
const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    imports,
    powers,
    "no-silent-catch": noSilentCatch,
    "type-escapes": typeEscapes,
    shapes,
    lengths,
  },
};

export default plugin;
