import type { Duplex } from "node:stream";
import { errorText } from "#core";
import { faultOfRpcError, hearWords, RemoteError, type RpcError } from "#fleet";
import { ServerError } from "../errors.ts";

/** What a worker says in words on a stream. @throws {RemoteError} what the worker answered. @throws {ServerError} WORKER_UNREACHABLE. */
export async function answerOn(stream: Duplex, signal: AbortSignal): Promise<unknown> {
  try {
    const words = await hearWords(stream, signal);
    if ("error" in words) throw new RemoteError(faultOfRpcError(words["error"] as RpcError));
    return words["result"];
  } catch (error) {
    stream.destroy();
    signal.throwIfAborted();
    if (error instanceof RemoteError) throw error;
    throw new ServerError("WORKER_UNREACHABLE", `the stream to the worker broke: ${errorText(error)}`);
  }
}
