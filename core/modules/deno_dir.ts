/**
 * Where Deno keeps its cache, as Deno itself finds it: `DENO_DIR`, else a folder that depends on the system.
 * `undefined` when it can't be told; cells then start more slowly.
 */
export function findDenoDir(
  os: typeof Deno.build.os,
  env: (name: string) => string | undefined,
): string | undefined {
  const explicit = env("DENO_DIR");
  if (explicit) return explicit;
  const under = (base: string | undefined, ...rest: string[]) => base ? [base, ...rest].join("/") : undefined;
  switch (os) {
    case "darwin":
      return under(env("HOME"), "Library", "Caches", "deno");
    case "windows":
      return under(env("LOCALAPPDATA"), "deno");
    default:
      return under(env("XDG_CACHE_HOME"), "deno") ?? under(env("HOME"), ".cache", "deno");
  }
}
