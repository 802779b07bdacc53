/** Value of the sample with (at least) these labels in a Prometheus text, 0 when there is none; sums several. */
export function readMetric(
  text: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  return text.split("\n").reduce((sum, line) => {
    const [, sample = "", found = "", value = ""] = /^([a-z0-9_:]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    return sample === name && wanted.every((label) => found.includes(label)) ? sum + Number(value) : sum;
  }, 0);
}
