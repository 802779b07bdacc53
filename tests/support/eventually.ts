const POLL_MS = 25;

/** Asks until there is an answer other than `undefined` or `false`; fails with what it waited for after `ms`. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  options: { readonly ms?: number } = {},
): Promise<T> {
  const { ms = 30_000 } = options;
  const deadline = performance.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`Not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
