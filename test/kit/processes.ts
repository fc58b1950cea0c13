import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** How a process ended: exit code, or the signal that ended it. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process whose output is kept. At the end of its scope it is gone. */
export interface StartedProcess extends AsyncDisposable {
  readonly pid: number;
  /** The child itself, for its streams: write to `child.stdin`, or end it. */
  readonly child: ChildProcess;
  /** Everything written so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<Ending>;
  /**
   * The first whole line of stdout or stderr that matches, also one that is past already.
   * @throws when the process ends without it, or the reason of `signal`.
   */
  line(pattern: RegExp, signal?: AbortSignal): Promise<string>;
  /** Send a signal, SIGTERM unless told otherwise, and wait for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ending>;
}

export interface StartOptions {
  readonly cwd?: string;
  /** Added to the environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Written to stdin, which is then closed. Without it stdin is /dev/null; "open" leaves it to the test. */
  readonly input?: string | Uint8Array;
  readonly stdin?: "open";
}

/** Start a program. @throws when it cannot be started at all. */
export async function startProcess(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<StartedProcess> {
  const child = spawn(command, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
    stdio: [options.input === undefined && options.stdin !== "open" ? "ignore" : "pipe", "pipe", "pipe"],
  });
  const texts = { stdout: "", stderr: "" };
  const watchers = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
      for (const look of watchers) look();
    });
  }
  const ended = endingOf(child);
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  // A program may end before it has read its input; that is not the test's failure.
  child.stdin?.on("error", () => {});
  if (options.input !== undefined) child.stdin?.end(options.input);

  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<Ending> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return await ended;
  };
  return {
    pid: child.pid ?? -1,
    child,
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    ended,
    line: (pattern, signal) => waitForLine(texts, watchers, ended, pattern, signal),
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop("SIGKILL");
    },
  };
}

/** Grandchildren may hold our pipes open long after the child is gone; its own last words are there by then. */
function endingOf(child: ChildProcess): Promise<Ending> {
  return new Promise<Ending>((resolve) => {
    child.once("exit", () => {
      const limit = setTimeout(() => [child.stdout, child.stderr].map((stream) => stream?.destroy()), 1_000);
      child.once("close", () => clearTimeout(limit));
    });
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

async function waitForLine(
  texts: { readonly stdout: string; readonly stderr: string },
  watchers: Set<() => void>,
  ended: Promise<Ending>,
  pattern: RegExp,
  signal?: AbortSignal,
): Promise<string> {
  const find = () => [...wholeLines(texts.stdout), ...wholeLines(texts.stderr)].find((line) => pattern.test(line));
  return await new Promise<string>((resolve, reject) => {
    const settle = (act: () => void) => {
      watchers.delete(look);
      signal?.removeEventListener("abort", abort);
      act();
    };
    const look = () => {
      const line = find();
      if (line !== undefined) settle(() => resolve(line));
    };
    const abort = () => settle(() => reject(signal?.reason as Error));
    watchers.add(look);
    signal?.addEventListener("abort", abort, { once: true });
    void ended.then(({ code, signal: by }) => {
      const said = `${texts.stdout}\n${texts.stderr}`;
      settle(() => reject(new Error(`ended (${code ?? by}) without a line like ${pattern}: ${said}`)));
    });
    look();
    if (signal?.aborted) abort();
  });
}

function wholeLines(text: string): string[] {
  return text.split("\n").slice(0, -1);
}

/** What a program said when it ran to its end. */
export interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Run a program to its end. A `signal` kills it. */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: StartOptions & { readonly signal?: AbortSignal } = {},
): Promise<Output> {
  await using program = await startProcess(command, args, options);
  const kill = () => program.child.kill("SIGKILL");
  options.signal?.addEventListener("abort", kill, { once: true });
  const { code } = await program.ended;
  options.signal?.removeEventListener("abort", kill);
  return { code, stdout: program.stdout(), stderr: program.stderr() };
}

/** A row of the process table, read from /proc. */
export interface LiveProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly processGroup: number;
  /** Clock ticks after boot; with the pid it names a process for ever. */
  readonly startTime: number;
  /** `R`, `S`, `D`, `Z` (ended, not reaped), … */
  readonly state: string;
  /** Arguments joined by spaces; empty for a zombie. */
  readonly command: string;
}

/** Every process of this machine that has not ended. Zombies are left out: they run nothing. */
export function liveProcesses(): LiveProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? [])
    .filter(({ state }) => state !== "Z" && state !== "X");
}

/** The row of one process, zombie or not; undefined when there is none. */
export function readProcess(pid: number): LiveProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in brackets may hold spaces and brackets itself, so fields are counted from the last one.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    const [state = "?", ppid, processGroup] = fields;
    return {
      pid,
      ppid: Number(ppid),
      processGroup: Number(processGroup),
      startTime: Number(fields[19]),
      state,
      command,
    };
  } catch {
    return undefined;
  }
}

/** True while the process runs. Give its start time too where a pid may have been used again. */
export function isRunning(pid: number, startTime?: number): boolean {
  const found = readProcess(pid);
  if (!found || found.state === "Z" || found.state === "X") return false;
  return startTime === undefined || found.startTime === startTime;
}

/** The children of a process, their children, and so on. */
export function descendants(pid: number, among = liveProcesses()): LiveProcess[] {
  const children = among.filter(({ ppid }) => ppid === pid);
  return [...children, ...children.flatMap((child) => descendants(child.pid, among))];
}

/** Wait until a process is gone. @throws the reason of `signal` when that fires first. */
export async function untilGone(pid: number, signal: AbortSignal): Promise<void> {
  while (isRunning(pid)) await sleep(10, undefined, { signal });
}
