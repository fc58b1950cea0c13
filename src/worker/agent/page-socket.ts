import type { Duplex } from "node:stream";
import { decodeSocketMessages, encodeSocketMessage, maxSocketMessageBytes, type SocketMessage } from "#fleet";
import { WorkerError } from "../errors.ts";
import { openWebSocket, type WebSocket } from "../management/ws.ts";
import type { HttpPlace } from "./http-place.ts";

const handshakeMs = 10_000;
/** So much may wait for the page before the stream is read on. */
const maxWaitingBytes = 1024 * 1024;
/** The other side is gone (RFC 6455 §7.4.1). */
const goingAway = 1001;

/**
 * Open a WebSocket of a page. It is told the page's own origin, as a browser that shows the page would.
 *
 * @throws {WorkerError} SERVICE_UNREACHABLE: nobody is there, or it is no WebSocket. @throws the signal's reason.
 */
export async function openSocket(
  { service, authority }: HttpPlace,
  path: string,
  protocol: string | undefined,
  signal: AbortSignal,
): Promise<WebSocket> {
  const socket = openWebSocket(`ws://${authority}${path}`, protocol, {
    maxPayload: maxSocketMessageBytes,
    handshakeTimeout: handshakeMs,
    origin: `http://${authority}`,
  });
  const giveUp = (): void => socket.terminate();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("open", () => {
        // At once: what comes in one packet with the consent is a message before anybody could listen.
        socket.pause();
        resolve();
      });
      socket.on("error", reject);
      if (signal.aborted) giveUp();
    });
    return socket;
  } catch (error) {
    signal.throwIfAborted();
    throw new WorkerError("SERVICE_UNREACHABLE", `the service ${service} opens no WebSocket there`, { cause: error });
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** Join it to a stream of messages until either is over; each is as slow as the other. */
export async function joinSocket(socket: WebSocket, stream: Duplex): Promise<void> {
  const over = new Promise<void>((resolve) => {
    socket.once("close", (code) => {
      // 1005 and 1006 are what nobody says: that there was no code.
      if (stream.writable) stream.end(encodeSocketMessage({ kind: "close", code: code === 1006 ? goingAway : code }));
      resolve();
    });
  });
  stream.once("close", () => socket.terminate());
  stream.on("drain", () => socket.resume());
  socket.on("message", (data: Buffer, isBinary) => {
    const message: SocketMessage = isBinary ? { kind: "binary", bytes: data } : { kind: "text", text: data.toString() };
    if (stream.writable && !stream.write(encodeSocketMessage(message))) socket.pause();
  });
  socket.resume();
  const passing = passOn(stream, socket).then(() => socket.close(goingAway));
  // When the page is over nobody waits for what the other side may still say.
  await Promise.race([over, passing]).catch((error: unknown) => {
    socket.terminate();
    throw error;
  });
  await over;
}

async function passOn(stream: Duplex, socket: WebSocket): Promise<void> {
  const chunks = stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  for await (const message of decodeSocketMessages(chunks)) {
    if (message.kind === "close" || socket.readyState !== socket.OPEN) return;
    const data = message.kind === "text" ? message.text : message.bytes;
    const sent = new Promise<void>((resolve) => socket.send(data, () => resolve()));
    if (socket.bufferedAmount > maxWaitingBytes) await sent;
  }
}
