/** A process as the system lists it. */
export interface ListedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** All processes of this machine. Needs `read` of `/proc` on Linux, `run` of `ps` elsewhere. */
export async function listProcesses(): Promise<readonly ListedProcess[]> {
  const { stdout } = await listing();
  return stdout.split("\n").flatMap((line) => {
    const [, pid, parent, command = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

async function listing(): Promise<{ readonly stdout: string }> {
  if (Deno.build.os === "linux") return { stdout: (await Array.fromAsync(procLines())).join("\n") };
  const { stdout } = await new Deno.Command("ps", { args: ["-A", "-o", "pid=,ppid=,command="] }).output();
  return { stdout: new TextDecoder().decode(stdout) };
}

/** Zombies are left out: they are gone, and only their parent has not looked. */
async function* procLines(): AsyncGenerator<string> {
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = await Deno.readTextFile(`/proc/${name}/stat`);
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const command = (await Deno.readTextFile(`/proc/${name}/cmdline`)).replaceAll("\0", " ");
      if (state !== "Z" && state !== "X") yield `${name} ${parent} ${command}`;
    } catch {
      // it ended while we looked
    }
  }
}

/** Children of a process. */
export async function childrenOf(pid: number): Promise<readonly ListedProcess[]> {
  return (await listProcesses()).filter(({ parent }) => parent === pid);
}

/** Those of the processes that still run. */
export async function stillThere(processes: readonly ListedProcess[]): Promise<readonly ListedProcess[]> {
  const now = await listProcesses();
  return processes.filter(({ pid, command }) =>
    now.some((other) => other.pid === pid && other.command === command)
  );
}
