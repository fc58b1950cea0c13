import { accessSync, constants, existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { LineReader, systemCode } from "#core";
import { FleetError, faultOfRpcError, type JsonObject, maxMessageBytes, RemoteError } from "#fleet";
import { CliError } from "./errors.ts";
import { defaultPlaces } from "./places.ts";
import type { Terminal } from "./terminal.ts";
import type { WorkerModeOptions } from "./worker-mode-options.ts";

/** An answer that takes longer has no worker behind it; cancelling a unit may take its grace. */
const timeoutMs = 60_000;

/** Values of {@link workerSocketOptions}. */
export interface WorkerSocketOptions extends WorkerModeOptions {
  readonly socket?: string;
  readonly passwordFile?: string;
}

/**
 * Ask the worker of this machine for one thing.
 *
 * @throws {CliError} WORKER_SILENT, WORKER_DENIED. @throws {RemoteError} what the worker refused, in its words.
 */
export async function askWorker(
  options: WorkerSocketOptions,
  env: Terminal["env"],
  method: string,
  params: JsonObject = {},
): Promise<unknown> {
  const path = (await otherSocket(options, env)) ?? (await defaultSocket(options, env));
  const password = options.passwordFile === undefined ? undefined : await passwordIn(options.passwordFile);
  const socket = await opened(path);
  try {
    const replies = repliesOf(socket);
    const call = async (name: string, given: JsonObject): Promise<unknown> => {
      socket.write(`${JSON.stringify({ jsonrpc: "2.0", id: name, method: name, params: given })}\n`);
      return resultOf(await replyOf(replies, path), path);
    };
    if (password !== undefined) await call("password.login", { password });
    return await call(method, params);
  } finally {
    socket.destroy();
  }
}

/**
 * The socket of a worker that is not where one of this user, or of the system, would be: one that is named, or that of
 * `farhand appliance`, whose folder holds all of it, where nothing else runs. Undefined: the usual one is meant.
 */
export async function otherSocket(options: WorkerSocketOptions, env: Terminal["env"]): Promise<string | undefined> {
  if (options.socket) return options.socket;
  if (options.system || options.session) return undefined;
  const named = env["FARHAND_WORKER_SOCKET"];
  if (named) return named;
  const beside = join(defaultPlaces(env).state, "run", "worker.sock");
  const usual = await defaultSocket(options, env);
  return beside !== usual && !existsSync(usual) && existsSync(beside) ? beside : undefined;
}

async function defaultSocket(options: WorkerModeOptions, env: Terminal["env"]): Promise<string> {
  const [{ placesOf }, { workerMode }] = await Promise.all([import("#worker"), import("./worker-mode.ts")]);
  // One in a container has what its environment says; asked by a person beside it, it is the machine's.
  const mode = workerMode(options, env);
  return placesOf(mode, env, undefined, env["WORKER_STATE_DIR"] || undefined).socket;
}

async function passwordIn(file: string): Promise<string> {
  const { readText } = await import("./files.ts");
  return (await readText(file)).replace(/\r?\n$/, "");
}

function opened(path: string): Promise<Socket> {
  const socket = connect({ path });
  socket.setTimeout(timeoutMs, () => socket.destroy(silent(path, "it does not answer")));
  return new Promise((resolve, reject) => {
    socket.once("connect", () => resolve(socket));
    socket.once("error", (error) =>
      reject(isDenied(error) ? denied(path, error) : silent(path, reasonOf(error), error)),
    );
  });
}

/** Whether this user may open a socket, if there is one. @throws {CliError} WORKER_DENIED. */
export function expectAllowed(path: string): void {
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    if (error instanceof Error && isDenied(error)) throw denied(path, error);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no worker runs there",
  ECONNREFUSED: "no worker runs there any more",
};

const reasonOf = (error: Error): string => reasons[systemCode(error) ?? ""] ?? error.message;
const isDenied = (error: Error): boolean => ["EACCES", "EPERM"].includes(systemCode(error) ?? "");

async function* repliesOf(socket: Socket): AsyncGenerator<Buffer, undefined> {
  const lines = new LineReader(maxMessageBytes * 8);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    lines.push(chunk);
    for (let line = lines.next(); line; line = lines.next()) yield line;
    if (lines.tooLong) break;
  }
  return undefined;
}

/** A worker that is killed in the middle resets what it has not read: that is silence, as a plain end is. */
async function replyOf(replies: AsyncGenerator<Buffer, undefined>, path: string): Promise<Buffer | undefined> {
  try {
    return (await replies.next()).value;
  } catch (error) {
    throw error instanceof CliError ? error : silent(path, "it went away before it answered", error);
  }
}

/** @throws {RemoteError | CliError | FleetError} */
function resultOf(line: Buffer | undefined, path: string): unknown {
  if (!line) throw silent(path, "it hung up without an answer");
  const reply = JSON.parse(line.toString()) as { result?: unknown; error?: Parameters<typeof faultOfRpcError>[0] };
  if (reply.error) throw new RemoteError(faultOfRpcError(reply.error));
  if (!("result" in reply)) throw new FleetError("REPLY_INVALID", `what listens at ${path} is no worker`);
  return reply.result;
}

function denied(path: string, cause: Error): CliError {
  return new CliError("WORKER_DENIED", `the worker's socket ${path} may not be opened by this user`, { cause });
}

function silent(path: string, why: string, cause?: unknown): CliError {
  return new CliError("WORKER_SILENT", `cannot reach the worker at ${path}: ${why}`, {
    cause,
    remedy: "is it running? `farhand worker doctor` finds out; --socket names another one",
  });
}
