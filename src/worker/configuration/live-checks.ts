import { X509Certificate } from "node:crypto";
import { constants } from "node:fs";
import { access, readFile, stat } from "node:fs/promises";
import { connect } from "node:net";
import { delimiter, dirname, join } from "node:path";
import { createSecureContext } from "node:tls";
import { errorText, systemCode, timeLimit } from "#core";
import type { ConfigFault } from "#fleet";
import type { WorkerConfiguration } from "./effective.ts";
import { watcherWarnings } from "./watcher-checks.ts";

/** How long a server may take to answer. */
const answerMs = 5_000;

/** One look at this machine, which changes nothing. */
type LiveCheck = (values: WorkerConfiguration, signal: AbortSignal) => Promise<readonly (ConfigFault | undefined)[]>;

/** What this machine says against a configuration (CAT-76, third depth): files, certificates, programs, the server. */
export async function liveWarnings(values: WorkerConfiguration, signal?: AbortSignal): Promise<ConfigFault[]> {
  const limit = timeLimit(answerMs);
  const either = signal ? AbortSignal.any([signal, limit]) : limit;
  const found = await Promise.all(checks.map((check) => check(values, either)));
  signal?.throwIfAborted();
  return found.flat().filter((fault) => fault !== undefined);
}

const checks: readonly LiveCheck[] = [
  dataFolder,
  authorities,
  apiCertificate,
  workFolders,
  programs,
  servers,
  watcherWarnings,
];

/** Of the folder itself or, when it is yet to be made, the nearest one above it. */
async function dataFolder({ dataDir }: WorkerConfiguration) {
  for (let at = dataDir; ; at = dirname(at)) {
    const fault = await fileFault(at, constants.W_OK | constants.X_OK);
    if (fault?.missing && at !== dirname(at)) continue;
    return [fault && { path: "/dataDir", reason: fault.reason }];
  }
}

async function authorities({ server: { caFile } }: WorkerConfiguration) {
  return [caFile === null ? undefined : await certificateFault(caFile, "/server/caFile")];
}

async function apiCertificate({ api: { cert, key } }: WorkerConfiguration) {
  if (cert === null || key === null) return [];
  const faults = [await certificateFault(cert, "/api/cert"), await readFault(key, "/api/key")];
  return faults.some((fault) => fault !== undefined) ? faults : [await pairFault(cert, key)];
}

async function workFolders({ workTypes }: WorkerConfiguration) {
  return await Promise.all(
    workTypes.map(async ({ workdir }, n) => {
      if (typeof workdir !== "string") return undefined;
      const fault = await fileFault(workdir, constants.R_OK | constants.X_OK);
      return fault && { path: `/workTypes/${n}/workdir`, reason: fault.reason };
    }),
  );
}

/** A program is looked up as the runner does: in PATH unless it has a slash. */
async function programs({ workTypes }: WorkerConfiguration) {
  return await Promise.all(
    workTypes.map(async ({ command }, n) => {
      if (typeof command !== "string") return undefined;
      const folders = command.includes("/") ? [""] : (process.env["PATH"] ?? "").split(delimiter);
      const found = await Promise.all(
        folders.map((folder) => isProgram(folder === "" ? command : join(folder, command))),
      );
      if (found.includes(true)) return undefined;
      return { path: `/workTypes/${n}/command`, reason: `there is no program ${command} that may be run` };
    }),
  );
}

async function servers({ server: { urls, proxy } }: WorkerConfiguration, signal: AbortSignal) {
  // Behind a proxy only the proxy can say whether the server is there.
  if (proxy !== null) return [];
  return await Promise.all(
    urls.map(async (url, n) => {
      const reason = await dialFault(new URL(url), signal);
      return reason === undefined ? undefined : { path: `/server/urls/${n}`, reason };
    }),
  );
}

async function dialFault({ hostname, port, protocol }: URL, signal: AbortSignal): Promise<string | undefined> {
  const number = Number(port || (protocol === "https:" ? 443 : 80));
  const host = hostname.replace(/^\[|\]$/g, "");
  const socket = connect({ host, port: number });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve).once("error", reject);
      signal.addEventListener("abort", () => reject(new Error(`no answer in ${answerMs / 1000} s`)), { once: true });
    });
    return undefined;
  } catch (error) {
    return `${host}:${number} does not answer: ${errorText(error)}`;
  } finally {
    socket.destroy();
  }
}

async function certificateFault(file: string, path: string): Promise<ConfigFault | undefined> {
  const unreadable = await readFault(file, path);
  if (unreadable) return unreadable;
  try {
    new X509Certificate(await readFile(file));
    return undefined;
  } catch {
    return { path, reason: `${file} holds no certificate (PEM)` };
  }
}

async function pairFault(cert: string, key: string): Promise<ConfigFault | undefined> {
  try {
    createSecureContext({ cert: await readFile(cert), key: await readFile(key) });
    return undefined;
  } catch (error) {
    return { path: "/api/key", reason: `${key} does not fit ${cert}: ${errorText(error)}` };
  }
}

async function readFault(file: string, path: string): Promise<ConfigFault | undefined> {
  const fault = await fileFault(file, constants.R_OK);
  return fault && { path, reason: fault.reason };
}

async function fileFault(file: string, mode: number) {
  try {
    await access(file, mode);
    return undefined;
  } catch (error) {
    const missing = systemCode(error) === "ENOENT";
    return { missing, reason: missing ? `${file} does not exist` : `${file} may not be used: ${errorText(error)}` };
  }
}

async function isProgram(file: string): Promise<boolean> {
  const mayRun = await fileFault(file, constants.X_OK);
  return mayRun === undefined && (await stat(file)).isFile();
}
