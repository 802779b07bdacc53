/** A process as the system lists it. */
export interface ListedProcess {
  readonly pid: number;
  readonly parent: number;
  /** Its command line, in some form that stays the same. */
  readonly command: string;
}

/** What only a shell may read: `/proc` asks Deno for every permission. Builtins alone, so that it takes milliseconds. */
const PROC = `for dir in /proc/[0-9]*; do
  read -r stat < $dir/stat && read -r command < $dir/cmdline; echo "$stat $command"
done 2>/dev/null`;

/** All processes of this machine but those that have ended. Needs `run` of `sh` on Linux, of `ps` elsewhere. */
export async function listProcesses(): Promise<readonly ListedProcess[]> {
  return Deno.build.os === "linux"
    ? parse(await output("sh", ["-c", PROC]), /^(\d+) \(.*\) ([A-Z]) (\d+) (.*)$/)
    : parse(
      await output("ps", ["-A", "-o", "pid=,stat=,ppid=,command="]),
      /^\s*(\d+) +(\w)\S* +(\d+) +(.*)$/,
    );
}

/** A process that has ended and that only its parent has not asked about yet is gone, too. */
function parse(text: string, line: RegExp): ListedProcess[] {
  return text.split("\n").flatMap((row) => {
    const [, pid, state, parent, command = ""] = line.exec(row) ?? [];
    if (pid === undefined || state === "Z" || state === "X") return [];
    return [{ pid: Number(pid), parent: Number(parent), command: command.replace(/^(?:-?\d+ )+/, "") }];
  });
}

async function output(command: string, args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(command, { args, stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
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

/** Resident memory of a process in MiB; `undefined` where the system does not tell that way. */
export function residentMiB(pid: number): Promise<number | undefined> {
  return memoryMiB(pid, /VmRSS:\s+(\d+) kB/);
}

/** The most that a process ever had resident, in MiB; `undefined` where the system does not tell that way. */
export function peakMiB(pid: number): Promise<number | undefined> {
  return memoryMiB(pid, /VmHWM:\s+(\d+) kB/);
}

async function memoryMiB(pid: number, line: RegExp): Promise<number | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const [, kib] = line.exec(await output("cat", [`/proc/${pid}/status`])) ?? [];
  return kib === undefined ? undefined : Number(kib) / 1_024;
}
