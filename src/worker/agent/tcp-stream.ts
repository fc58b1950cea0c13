import { connect, type Socket } from "node:net";
import { timeLimit } from "#core";
import { includesLevel, tcpOpen, type WholeDocument } from "#fleet";
import { splice } from "#mesh";
import { WorkerError } from "../errors.ts";
import { type ServedStream, serveStream } from "./stream-methods.ts";

/** A service that does not take a connection within this time is not there, milliseconds. */
const connectMs = 10_000;

/** What can be reached, by name. */
export type TcpServices = WholeDocument["tcpServices"];

/** TCP services over streams: those that the configuration names now, and no others. */
export function tcpStreams(services: () => TcpServices): ServedStream[] {
  return [
    serveStream(tcpOpen, async ({ service }, { stream, answer }, { caller, signal }) => {
      const known = services();
      const place = Object.hasOwn(known, service) ? known[service] : undefined;
      // One that the caller may not reach is none: names are told to nobody.
      if (!place || !includesLevel(caller.level, place.level ?? "operate"))
        throw new WorkerError("SERVICE_UNKNOWN", "there is no such service for the caller");
      const socket = await connected(place, signal, service);
      answer({ service });
      await splice(stream, socket);
    }),
  ];
}

/** @throws {WorkerError} `SERVICE_UNREACHABLE`. @throws the signal's reason. */
function connected(
  { host, port }: { readonly host: string; readonly port: number },
  signal: AbortSignal,
  service: string,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const both = timeLimit(connectMs, signal);
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true, keepAlive: true });
    const giveUp = (): void => void socket.destroy(new Error("it does not answer in time"));
    const settle = (): void => both.removeEventListener("abort", giveUp);
    both.addEventListener("abort", giveUp, { once: true });
    socket.once("connect", () => {
      settle();
      resolve(socket);
    });
    socket.on("error", (error) => {
      settle();
      // Where it is, is the worker's business.
      reject(new WorkerError("SERVICE_UNREACHABLE", `the service ${service} does not answer`, { cause: error }));
    });
    if (both.aborted) giveUp();
  });
}
