import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import { readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { getSystemErrorName } from "node:util";
import { signalName } from "#work";

/** How a command ended. */
export type CommandEnd = { readonly exitCode: number } | { readonly signal: string };

export interface WatchedSpawn {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
}

/** A command under its watcher (watch-end.pl), which leads the process group of both. */
export interface WatchedCommand {
  /** The watcher: its stdin, stdout and stderr are the command's. */
  readonly child: ChildProcess;
  /** Id of the process group. */
  readonly group: number;
  /** Resolves when it has ended. */
  readonly ended: Promise<CommandEnd>;
}

/** Given as a text, for a user that may not read where we are installed. */
let watcher: string | undefined;

/** Start a command of which the true end will be known. @throws the system error when it cannot be started. */
export async function spawnWatched({ argv, env, user }: WatchedSpawn): Promise<WatchedCommand> {
  watcher ??= readFileSync(new URL("./watch-end.pl", import.meta.url), "utf8");
  const child = spawn("perl", ["-e", watcher, "--", ...argv], {
    ...{ detached: true, stdio: ["pipe", "pipe", "pipe", "pipe"], env },
    ...(user && { uid: user.uid, gid: user.gid }),
  });
  child.stdin?.on("error", () => {});
  if (child.pid === undefined) throw (await once(child, "error"))[0] as Error;
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const told = wordsOf(createInterface({ input: child.stdio[3] as Readable }));
  const [first, errno] = (await told.next()) ?? [];
  if (first === "failed") throw startFailure(Number(errno), argv[0] ?? "");
  return { child, group: child.pid, ended: endOf(exited, told) };
}

async function endOf(exited: Promise<[number | null, NodeJS.Signals | null]>, told: Words): Promise<CommandEnd> {
  const [, killed] = await exited;
  const [word, status] = (await told.next()) ?? [];
  // The watcher died before its command: of a signal to the group of both, or else the command ends of the same one now.
  if (word !== "ended") return { signal: killed ?? "SIGKILL" };
  const signal = Number(status) & 0x7f;
  return signal === 0 ? { exitCode: Number(status) >> 8 } : { signal: signalName(signal) };
}

interface Words {
  /** The words of its next line; undefined when there is none. */
  next(): Promise<string[] | undefined>;
}

function wordsOf(lines: Interface): Words {
  const iterator = lines[Symbol.asyncIterator]();
  return { next: async () => ((await iterator.next()) as IteratorResult<string, undefined>).value?.split(" ") };
}

function startFailure(errno: number, command: string): Error {
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(`spawn ${command} ${code}`), { code, errno: -errno, syscall: `spawn ${command}` });
}
