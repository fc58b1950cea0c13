import { type ChildProcess, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Output } from "./processes.ts";
import { tempFolder } from "./temp-folder.ts";

interface Preloaded {
  readonly child: ChildProcess;
  readonly waiting: Map<number, (code: number | null) => void>;
}

let preloaded: Preloaded | undefined;
let lastId = 0;

/** A command of the real receptorctl to its end, by a process that has loaded it already (preloaded-receptorctl.py). */
export async function runPreloaded(
  python: string,
  words: readonly string[],
  { input, signal }: { readonly input?: string | Uint8Array; readonly signal?: AbortSignal },
): Promise<Output> {
  const { child, waiting } = (preloaded ??= preload(python));
  await using folder = await tempFolder();
  const [stdin, stdout, stderr] = [
    input === undefined ? "/dev/null" : folder.file("in"),
    folder.file("out"),
    folder.file("err"),
  ];
  await Promise.all([
    input === undefined ? undefined : writeFile(stdin, input),
    writeFile(stdout, ""),
    writeFile(stderr, ""),
  ]);
  const id = ++lastId;
  const say = (what: object): void => void child.stdin?.write(`${JSON.stringify(what)}\n`);
  const kill = (): void => say({ kill: id });
  const code = await new Promise<number | null>((resolve) => {
    waiting.set(id, resolve);
    say({ id, words, stdin, stdout, stderr });
    signal?.addEventListener("abort", kill, { once: true });
  });
  signal?.removeEventListener("abort", kill);
  const [said, complained] = await Promise.all([readFile(stdout, "utf8"), readFile(stderr, "utf8")]);
  // A signal's number stands below zero; `runProcess` gives null then.
  return { code: code !== null && code < 0 ? null : code, stdout: said, stderr: complained };
}

function preload(python: string): Preloaded {
  const child = spawn(python, [join(import.meta.dirname, "preloaded-receptorctl.py")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const waiting: Preloaded["waiting"] = new Map();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { id, code } = JSON.parse(line) as { id: number; code: number };
    waiting.get(id)?.(code);
    waiting.delete(id);
  });
  child.once("exit", () => {
    preloaded = undefined;
    for (const ended of waiting.values()) ended(null);
  });
  // It waits for us, not we for it.
  child.unref();
  for (const stream of [child.stdin, child.stdout]) (stream as unknown as { unref(): void }).unref();
  return { child, waiting };
}
