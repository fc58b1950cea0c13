import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe } from "vitest";
import { runPreloaded } from "./preloaded-receptorctl.ts";
import { type Output, type StartedProcess, startProcess } from "./processes.ts";

/**
 * The real Python client, as `npm test` installed it; undefined where it could not be installed. Under a bare
 * `vitest` the one an earlier `npm test` left is found.
 */
export const receptorctlPath = process.env.FARHAND_RECEPTORCTL ?? installedBefore("receptorctl");

/** The Python of the environment that holds it. */
export const pythonPath = process.env.FARHAND_PYTHON ?? installedBefore("python3");

function installedBefore(program: string): string | undefined {
  const cache = join(import.meta.dirname, "..", "..", ".cache");
  const folders = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith("receptorctl-")) : [];
  return folders.map((name) => join(cache, name, "bin", program)).find((path) => existsSync(path));
}

/** Where to connect: a socket path or address, or that with what else the client is to be told. */
export interface ReceptorctlTarget {
  readonly socket: string;
  /** Options before the command, such as `["--rootcas", file]`. */
  readonly options?: readonly string[];
  readonly input?: string | Uint8Array;
  readonly signal?: AbortSignal;
}

/** Run a command of the real client to its end: `receptorctl(socket, "work", "list")`. */
export async function receptorctl(target: string | ReceptorctlTarget, ...args: string[]): Promise<Output> {
  const { words, given } = commandFor(target, args);
  return await runPreloaded(pythonPath ?? "", words, given);
}

/** Start a command of the real client, to watch what it prints while it runs. */
export async function startReceptorctl(target: string | ReceptorctlTarget, ...args: string[]): Promise<StartedProcess> {
  const { path, words, given } = commandFor(target, args);
  return await startProcess(path, words, given);
}

function commandFor(target: string | ReceptorctlTarget, args: string[]) {
  if (receptorctlPath === undefined) throw new Error("receptorctl is not installed: run the tests by `npm test`");
  const given: ReceptorctlTarget = typeof target === "string" ? { socket: target } : target;
  // Python holds back what it prints into a pipe unless told not to.
  const env = { PYTHONUNBUFFERED: "1" };
  return {
    path: receptorctlPath,
    words: ["--socket", given.socket, ...(given.options ?? []), ...args],
    given: { ...given, env },
  };
}

/** `describe` for tests that need the real client. Where it is missing they are skipped, and named as such. */
export function describeWithReceptorctl(name: string, tests: () => void): void {
  describe.skipIf(receptorctlPath === undefined)(`${name} (with the real receptorctl)`, tests);
}
