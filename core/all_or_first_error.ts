/** As `Promise.all`, but waits for all before it rejects: what is half started could not be stopped. */
export async function allOrFirstError<T extends readonly unknown[]>(
  work: readonly [...{ [K in keyof T]: Promise<T[K]> }],
) {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === "rejected") throw result.reason;
  return await Promise.all(work);
}
