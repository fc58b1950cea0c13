import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { errorText, systemCode, timeLimit } from "#core";
import type { ResolvedTarget } from "../tool.ts";

/** A connection, and what it took. Who has it ends it. */
export interface Connection {
  readonly socket: Socket;
  readonly address: string;
}

/** An address that says nothing for so long is left for the next one, if there is one. */
const patienceMs = 1_500;

/**
 * Connect to a target at one of its checked addresses, one after the other until one takes it.
 *
 * An address and nothing else is dialed: no name is resolved again, so that what was checked is what is connected to.
 *
 * @throws Error which says why the last one did not.
 */
export async function connectTo({ addresses }: ResolvedTarget, port: number, signal: AbortSignal): Promise<Connection> {
  let last: unknown = new Error("the target has no address");
  for (const [at, address] of addresses.entries()) {
    signal.throwIfAborted();
    const isLast = at === addresses.length - 1;
    const limit = isLast ? signal : timeLimit(patienceMs, signal);
    const socket = connect({ host: address, port });
    // What breaks later is told where it is read.
    socket.on("error", () => undefined);
    try {
      await once(socket, "connect", { signal: limit });
      return { socket, address };
    } catch (error) {
      socket.destroy();
      last = error;
    }
  }
  signal.throwIfAborted();
  throw new Error(connectFault(last), { cause: last });
}

const faults: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ETIMEDOUT: "no answer",
  ECONNRESET: "connection reset",
};

function connectFault(error: unknown): string {
  return faults[systemCode(error) ?? ""] ?? errorText(error);
}
