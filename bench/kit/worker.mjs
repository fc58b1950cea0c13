import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endProcesses, processTree } from "./processes.mjs";

const program = join(import.meta.dirname, "..", "..", "bin", "farhand");
const joinMs = 120_000;

/**
 * A worker daemon that joins the server with the work type `run`, as `farhand worker join` makes it. Resolves when the
 * server, asked by `client`, has it online.
 */
export async function joinWorker(folder, { url, enrolmentToken }, client, name = "bench") {
  const home = join(folder, name);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const token = join(home, "token");
  writeFileSync(token, enrolmentToken, { mode: 0o600 });
  const log = join(home, "log");
  const fd = openSync(log, "a");
  const words = ["worker", "join", url, "--token-file", token, "--name", name, "--add", "--session"];
  const folders = ["STATE", "CONFIG", "RUNTIME"].map((kind) => [
    kind === "RUNTIME" ? "XDG_RUNTIME_DIR" : `XDG_${kind}_HOME`,
    join(home, kind.slice(0, 1).toLowerCase()),
  ]);
  const env = { ...process.env, ...Object.fromEntries(folders) };
  const child = spawn(process.execPath, [program, ...words], { stdio: ["ignore", fd, fd], env });
  closeSync(fd);
  for (const end = performance.now() + joinMs; ; await sleep(50)) {
    const { value, status } = await client.ask("GET", `/api/workers/${name}`);
    if (status === 200 && value.state === "online") return { name, pid: child.pid, stop: () => stop(child) };
    if (child.exitCode !== null || performance.now() > end)
      throw new Error(`the worker did not join:\n${readFileSync(log, "utf8")}`);
  }
}

/** Its helpers are meant to outlive it; here nothing stays. */
async function stop(child) {
  const tree = processTree(child.pid);
  child.kill("SIGTERM");
  await endProcesses(tree.slice(0, 1), 10_000);
  await endProcesses(tree, 2_000);
}
