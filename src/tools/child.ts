import { type ChildProcess, spawn } from "node:child_process";
import { errorText } from "#core";
import { ToolError } from "./errors.ts";
import type { ChildEnd, ToolChild } from "./tool.ts";

/** Between SIGINT and SIGKILL. */
const graceMs = 3_000;
const maxSaid = 4_096;

/**
 * Start a program of the system: with a list of arguments, an environment without anything of ours, and a parent whose death it
 * does not survive (`setpriv` asks the kernel for that and then becomes the program).
 */
export function startChild(path: string, argv: readonly string[], setpriv: string): ToolChild {
  const child = spawn(setpriv, ["--pdeathsig", "KILL", "--", path, ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...marks(), PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" },
  });
  const { pid, stdout } = child;
  const ended = endOf(child);
  // A tool that is cancelled may never look.
  ended.catch(() => undefined);
  let kill: NodeJS.Timeout | undefined;
  void ended.finally(() => clearTimeout(kill)).catch(() => undefined);
  return {
    pid: pid ?? 0,
    stdout: stdout ?? nothing(),
    ended,
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

function endOf(child: ChildProcess): Promise<ChildEnd> {
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-maxSaid)));
  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      reject(new ToolError("TOOL_FAILED", `a program cannot be started: ${errorText(error)}`, { cause: error }));
    });
    child.on("close", (code, signal) => resolve({ code, signal, said: said.trim() }));
  });
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // A process that never started says nothing; `ended` says why.
}
