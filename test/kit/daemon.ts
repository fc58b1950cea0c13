import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { timeLimit } from "#core";
import { runProcess, type StartedProcess, type StartOptions, startProcess } from "./processes.ts";

const root = join(import.meta.dirname, "..", "..");

/** The executables at the root of the repository. They run the build. */
export const programs = { farhand: join(root, "bin", "farhand"), receptor: join(root, "bin", "receptor") } as const;

/** Build what {@link programs} run. It takes a blink when the build is fresh. @throws with the compiler's errors. */
export async function freshBuild(): Promise<void> {
  const build = await runProcess(process.execPath, [join(root, "scripts", "build.mjs")]);
  if (build.code !== 0) throw new Error(build.stderr);
}

/** A daemon whose control socket answers. At the end of its scope it is gone. */
export interface Daemon extends StartedProcess {
  readonly socket: string;
  /** The node id its banner names. */
  readonly nodeId: string;
}

export interface DaemonOptions extends StartOptions {
  /** `receptor` unless told otherwise: one of ours, or the path of an executable. */
  readonly program?: keyof typeof programs | { readonly path: string };
  /** What comes after the program's name: `["-c", file]`, `["worker", "-c", file]`. */
  readonly args: readonly string[];
  /** Unix socket path of its control service. */
  readonly socket: string;
  /** How long to wait for the socket to answer. */
  readonly timeoutMs?: number;
}

/** Start the built daemon and wait until its control socket answers. @throws with its output when it ends before. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { program = "receptor", args, socket, timeoutMs = 30_000 } = options;
  const [command, ...words] = typeof program === "string" ? [process.execPath, programs[program]] : [program.path];
  const daemon = await startProcess(command, [...words, ...args], options);
  const giveUp = new AbortController();
  void daemon.ended.then(({ code, signal }) => {
    giveUp.abort(new Error(`the daemon ended (${code ?? signal}) before it answered:\n${daemon.stderr()}`));
  });
  try {
    const nodeId = await nodeIdAt(socket, timeLimit(timeoutMs, giveUp.signal));
    return { ...daemon, socket, nodeId };
  } catch (error) {
    await daemon.stop("SIGKILL");
    throw new Error(`no control service at ${socket}:\n${daemon.stdout()}${daemon.stderr()}`, { cause: error });
  }
}

/** Wait until a control service answers at the socket, and give the node id of its banner. */
export async function nodeIdAt(socket: string, signal: AbortSignal): Promise<string> {
  for (;;) {
    const id = /^Receptor Control, node (.+)$/m.exec(await bannerOf(socket, signal))?.[1];
    if (id !== undefined) return id;
    await sleep(10, undefined, { signal });
  }
}

/** The first bytes a listener says, or nothing when none listens yet. */
function bannerOf(path: string, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const connection = connect({ path });
    let text = "";
    const close = () => {
      signal.removeEventListener("abort", abort);
      connection.destroy();
    };
    const abort = () => {
      close();
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", abort, { once: true });
    connection.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.includes("\n")) connection.end();
    });
    connection.on("error", () => {});
    connection.once("close", () => {
      close();
      resolve(text);
    });
  });
}
