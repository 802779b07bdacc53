/**
 * Calls `fn` when the event loop is through with what lies before it: once for all that this turn brings. For batching
 * writes, a system call each; it is not a way to wait for a time.
 */
export function afterTurn(fn: () => void): void {
  setImmediate(fn);
}
