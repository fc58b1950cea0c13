import { MeshError, type MeshErrorCode } from "../errors.ts";
import { firstHops } from "../packet/data-message.ts";
import type { Environment } from "../routing/environment.ts";
import { type DatagramSwitch, problemCodes } from "./datagram-switch.ts";

const pingTimeoutMs = 10_000;

/** What came back of a ping. */
export interface PingReply {
  /** The node that answered, or the one that says why the ping did not arrive. */
  readonly from: string;
  /** Milliseconds from the sending to the answer. */
  readonly ms: number;
  /** Absent when the node itself answered. */
  readonly problem?: { readonly code: MeshErrorCode; readonly text: string };
}

/** Options of {@link ping}. */
export interface PingOptions {
  /** Nodes it may pass before it expires; the normal limit when absent. */
  readonly hops?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Ask a node whether it is there (spec §3.8). Never throws: what went wrong is in the reply. */
export function ping(
  datagrams: DatagramSwitch,
  environment: Environment,
  ownId: string,
  node: string,
  { hops = firstHops, signal }: PingOptions = {},
): Promise<PingReply> {
  const start = environment.elapsed();
  return new Promise((resolve) => {
    const end = (from: string, code?: MeshErrorCode, text?: string): void => {
      cancel();
      socket.close();
      signal?.removeEventListener("abort", stop);
      const ms = environment.elapsed() - start;
      resolve({ from, ms, ...(code && text !== undefined && { problem: { code, text } }) });
    };
    const stop = (): void => end(ownId, "MESH_CLOSED", "user cancelled");
    const cancel = environment.after(pingTimeoutMs, () => end(ownId, "TIMEOUT", "timeout"));
    const socket = datagrams.open(undefined, {
      received: (_payload, fromNode) => end(fromNode),
      unreachable: ({ reporter, problem }) => end(reporter, problemCodes.get(problem) ?? "TIMEOUT", problem),
    });
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) return stop();
    try {
      datagrams.send(ownId, socket.service, node, "ping", new Uint8Array(0), hops);
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      end(ownId, error.code, error.message);
    }
  });
}

/** Pings with a growing limit until one arrives, or fails otherwise than by its limit (spec §1.4). */
export async function* traceroute(
  ask: (hops: number) => Promise<PingReply>,
): AsyncGenerator<PingReply, void, undefined> {
  for (let hops = 0; hops <= firstHops; hops++) {
    const reply = await ask(hops);
    yield reply;
    if (reply.problem?.code !== "EXPIRED") return;
  }
}
