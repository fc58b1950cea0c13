import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ask, type Asking, type TestAnswer } from "./api.ts";
import { programs } from "./daemon.ts";
import { freePort } from "./free-port.ts";
import { type StartedProcess, startProcess } from "./processes.ts";

/** `farhand server` as a process of its own, and its first admin logged in. At the end of its scope it is gone. */
export interface ServerProcess extends AsyncDisposable {
  readonly process: StartedProcess;
  readonly url: string;
  readonly port: number;
  readonly password: string;
  /** Headers of the admin's session. */
  readonly auth: Readonly<Record<string, string>>;
  readonly dataDir: string;
  ask(method: string, path: string, asking?: Asking): Promise<TestAnswer>;
  /** Text of a new enrolment token. */
  token(name: string): Promise<string>;
  /** Wait until the server shows a worker as online. @returns its id. */
  online(name: string): Promise<string>;
}

/** Start the built server on an empty folder. @param words more of its command line. */
export async function serverProcess(dataDir: string, ...words: string[]): Promise<ServerProcess> {
  const port = await freePort();
  const options = ["--data-dir", dataDir, "--listen", `127.0.0.1:${port}`, ...words];
  const env = { FARHAND_DATABASE_URL: undefined };
  const process_ = await startProcess(process.execPath, [programs.farhand, "server", ...options], { env });
  const line = await process_.line(/^First login/, AbortSignal.timeout(60_000));
  const [, password = ""] = /password (\S+)/.exec(line) ?? [];
  const { json } = await ask(port, "POST", "/api/login", { body: { user: "admin", password } });
  const auth = { authorization: `Bearer ${json.token}` };
  const asked = (method: string, path: string, asking: Asking = {}) => ask(port, method, path, { auth, ...asking });
  return {
    ...{ process: process_, port, password, auth, dataDir, ask: asked, url: `https://127.0.0.1:${port}` },
    token: async (name) => (await asked("POST", "/api/enrolments", { body: { name } })).json.token,
    online: async (name) => {
      const signal = AbortSignal.timeout(60_000);
      for (;;) {
        const { items } = (await asked("GET", "/api/workers")).json;
        const found = items.find((worker) => worker.name === name && worker["state"] === "online");
        if (found) return String(found["id"]);
        await sleep(50, undefined, { signal });
      }
    },
    [Symbol.asyncDispose]: async () => void (await process_.stop("SIGTERM")),
  };
}

/** Memory that a process holds now, in MiB. */
export function residentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1_024;
}

/** The most that a process held while something went on, looked at again and again, in MiB. */
export async function mostMib(pid: number, during: () => Promise<unknown>): Promise<number> {
  let most = residentMib(pid);
  const looking = setInterval(() => void (most = Math.max(most, residentMib(pid))), 20);
  try {
    await during();
  } finally {
    clearInterval(looking);
  }
  return Math.max(most, residentMib(pid));
}
