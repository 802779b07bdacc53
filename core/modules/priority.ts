import { setPriority } from "node:os";

/** Niceness of the processes that run and build modules: the node comes first when there is less than enough time. */
const NICENESS = 10;

/**
 * Lets the node go before a child process. Called right after the start: threads that the child makes later inherit it.
 * Needs `--allow-sys=setPriority`; without, or where the system refuses, the child runs like any other.
 */
export function lowerPriority(pid: number): void {
  try {
    setPriority(pid, NICENESS);
  } catch {
    // it has ended already, or nobody may: nothing depends on it
  }
}
