import { accessSync, constants } from "node:fs";
import { systemCode } from "#core";
import type { ShownFinding } from "./doctor-text.ts";
import { CliError } from "./errors.ts";
import { oneLine } from "./quantities.ts";
import { listed, objectIn, type Shape, stringOf } from "./server/shapes.ts";
import type { Terminal } from "./terminal.ts";
import { askWorker, otherSocket, type WorkerSocketOptions } from "./worker-socket.ts";

/** What `farhand worker doctor` found, and of which worker. */
export interface WorkerFindings {
  readonly findings: readonly ShownFinding[];
  /** Whom it looked at, and how another one is named. */
  readonly hint: string;
}

/**
 * Look at the worker of this machine: at its files where they are the usual ones and this user may, which needs no service; else
 * it is asked.
 *
 * @throws {RemoteError} what the worker that is asked refuses, in its words. @throws {CliError} WORKER_DENIED.
 */
export async function findingsOf(options: WorkerSocketOptions, env: Terminal["env"]): Promise<WorkerFindings> {
  const socket = await otherSocket(options, env);
  if (socket !== undefined)
    return { findings: await asked(socket, options, env), hint: `what the worker at ${socket} says` };
  const [{ loadDoctor, placesOf }, { workerMode }] = await Promise.all([import("#worker"), import("./worker-mode.ts")]);
  const { diagnose } = await loadDoctor();
  const mode = workerMode(options, env);
  const { state, socket: usual } = placesOf(mode, env, undefined, env["WORKER_STATE_DIR"] || undefined);
  // What is closed to this user says nothing of the worker: whether it runs, and how, only it can tell.
  if (isClosed(state))
    return {
      findings: await asked(usual, options, env),
      hint: `what the worker at ${usual} says: ${state} is closed to this user`,
    };
  const hint = `looked at the ${mode} worker in ${state}; --socket FILE names another, as that of \`farhand appliance\``;
  return { findings: await diagnose({ mode, env }), hint };
}

/** That it does not answer is the one thing to be said then: where its files are, its socket does not tell. */
async function asked(socket: string, options: WorkerSocketOptions, env: Terminal["env"]): Promise<ShownFinding[]> {
  try {
    const { findings } = objectIn(await askWorker({ ...options, socket }, env, "worker.doctor"));
    return listed(findings).map(findingIn);
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== "WORKER_SILENT") throw error;
    const cure = "start it, then ask again; --session or --system looks at files, and needs no service";
    return [{ check: "socket", kind: "fail", says: error.message, cure }];
  }
}

function isClosed(folder: string): boolean {
  try {
    accessSync(folder, constants.X_OK);
    return false;
  } catch (error) {
    return ["EACCES", "EPERM"].includes(systemCode(error) ?? "");
  }
}

function findingIn({ check, kind, says, cure }: Shape): ShownFinding {
  return {
    check: oneLine(stringOf(check) ?? ""),
    kind: kind === "ok" || kind === "warning" ? kind : "fail",
    says: oneLine(stringOf(says) ?? ""),
    ...(typeof cure === "string" && { cure: oneLine(cure) }),
  };
}
