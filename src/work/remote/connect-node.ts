import { type ControlClient, controlOver } from "#control";
import { errorText, systemCode } from "#core";
import { WorkError } from "../errors.ts";
import type { RemoteOptions } from "./remote-options.ts";

/** Remote work is always done through the service of this name (spec §1.1). */
const service = "control";
const bannerMs = 5_000;
/** Replies to remote work are short; a peer that sends more is not heard out. */
const replyBytes = 4 * 1024 * 1024;

/**
 * A connection to the control service of another node, which has said that it is the right one (spec §2.7.3).
 *
 * @throws {WorkError} `NODE_UNREACHABLE` or, when it is about certificates, `REMOTE_TLS_REFUSED`; the signal's reason.
 */
export async function connectNode(
  { dial }: Pick<RemoteOptions, "dial">,
  { node, tls }: { readonly node: string; readonly tls: string },
  signal: AbortSignal,
): Promise<ControlClient> {
  signal.throwIfAborted();
  try {
    const stream = await dial(node, service, { tls: tls === "" ? undefined : tls, signal });
    return await controlOver(stream, `service ${service}`, {
      signal,
      timeoutMs: bannerMs,
      expectNode: node,
      replyBytes,
    });
  } catch (error) {
    signal.throwIfAborted();
    const text = errorText(error);
    if (isTlsRefusal(error)) {
      throw new WorkError("REMOTE_TLS_REFUSED", `TLS error connecting to remote service: ${text}`, { cause: error });
    }
    throw new WorkError("NODE_UNREACHABLE", text, { cause: error });
  }
}

/** A certificate that is refused after our side of the handshake shows only in how the stream ends. */
export function isTlsRefusal(error: unknown): boolean {
  return systemCode(error) === "TLS_REFUSED" || errorText(error).includes("CRYPTO_ERROR");
}

/** Wait for an answer that has no reason to take long. A peer that keeps it back is hung up on. */
export async function within<T>(ms: number, control: ControlClient, answer: Promise<T>): Promise<T> {
  const timer = setTimeout(() => control.close(), ms).unref();
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
  }
}
