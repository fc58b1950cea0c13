import { type ChildProcess, spawn } from "node:child_process";
import { errorText } from "#core";
import { ToolError } from "./errors.ts";
import type { ChildEnd, ChildOptions, ToolChild } from "./tool.ts";

/** Between SIGINT and SIGKILL. */
const graceMs = 3_000;
const maxSaid = 4_096;

/**
 * Start a program of the system: with a list of arguments, an environment without anything of ours, and a parent whose death it
 * does not survive (`setpriv` asks the kernel for that and then becomes the program).
 */
export function startChild(
  path: string,
  argv: readonly string[],
  setpriv: string,
  { isApart = false }: ChildOptions = {},
): ToolChild {
  const child = spawn(setpriv, ["--pdeathsig", "KILL", "--", path, ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: isApart,
    env: { ...marks(), PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" },
  });
  const { pid, stdout } = child;
  const words = wordsOf(child);
  const ended = endOf(child, words);
  // A tool that is cancelled may never look.
  ended.catch(() => undefined);
  let kill: NodeJS.Timeout | undefined;
  void ended.finally(() => clearTimeout(kill)).catch(() => undefined);
  return {
    pid: pid ?? 0,
    stdout: stdout ?? nothing(),
    ended,
    get said() {
      return words();
    },
    ask: () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGUSR1");
    },
    end: () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGINT");
      kill ??= setTimeout(() => child.kill("SIGKILL"), graceMs);
    },
  };
}

/** By these the helper finds the processes of a unit again. */
function marks(): Record<string, string> {
  const names = ["FARHAND_UNIT_ID", "FARHAND_UNIT_REAPER"];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** Gives the end of what it has said by then. */
function wordsOf(child: ChildProcess): () => string {
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-maxSaid)));
  return () => said.trim();
}

function endOf(child: ChildProcess, words: () => string): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      reject(new ToolError("TOOL_FAILED", `a program cannot be started: ${errorText(error)}`, { cause: error }));
    });
    child.on("close", (code, signal) => resolve({ code, signal, said: words() }));
  });
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // A process that never started says nothing; `ended` says why.
}
