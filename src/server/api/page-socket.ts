import type { Duplex } from "node:stream";
import { decodeSocketMessages, encodeSocketMessage, type SocketMessage } from "#fleet";
import { guarded, type StreamGuard, watchIdle } from "./guarded-stream.ts";
import type { LiveSocket } from "./live-socket.ts";
import { written } from "./written.ts";

/** Join a client's WebSocket to one of a page, until either ends or what it rests on does. Only whole messages cross. */
export async function joinPage(
  socket: LiveSocket,
  stream: Duplex,
  { limits, signal, used }: StreamGuard,
): Promise<void> {
  const idle = watchIdle(limits.streamIdleMs);
  // Either way keeps the other one open.
  const moved = (): void => {
    idle.moved();
    used();
  };
  const quiet = { streamIdleMs: limits.streamTotalMs, streamTotalMs: limits.streamTotalMs };
  const incoming = guarded(stream, { limits: quiet, signal: AbortSignal.any([signal, idle.signal]), used: moved });
  const sending = passOn(socket, stream, moved);
  socket.beforeClosed(() => closed(stream));
  // Once the page has said its last word it does not matter what becomes of it.
  sending.catch(() => stream.destroy());
  try {
    const code = await tellAll(incoming, socket);
    socket.close(code);
  } catch (error) {
    if (!socket.closed.aborted) throw error;
  } finally {
    idle.stop();
    stream.destroy();
  }
}

async function passOn(socket: LiveSocket, stream: Duplex, moved: () => void): Promise<void> {
  for await (const { data, isBinary } of socket.messages()) {
    moved();
    const message: SocketMessage = isBinary ? { kind: "binary", bytes: data } : { kind: "text", text: data.toString() };
    await written(stream, encodeSocketMessage(message));
  }
  // The page hears all that was said before.
  if (stream.writable) stream.end(encodeSocketMessage({ kind: "close", code: goingAway }));
}

/** Resolves when the page has taken all, or does not. */
async function closed(stream: Duplex): Promise<void> {
  if (stream.destroyed) return;
  await new Promise<void>((resolve) => {
    const late = setTimeout(resolve, lastWordsMs);
    stream.once("close", () => {
      clearTimeout(late);
      resolve();
    });
  });
}

/** @returns the code to close with. */
async function tellAll(incoming: AsyncIterable<Uint8Array>, socket: LiveSocket): Promise<number> {
  for await (const message of decodeSocketMessages(incoming)) {
    if (message.kind === "close") return ownCode(message.code);
    await told(socket, message.kind === "text" ? message.text : message.bytes);
  }
  return goingAway;
}

/** To a client that has gone there is nothing to say, and the page may still be taking what it said. */
async function told(socket: LiveSocket, data: string | Uint8Array): Promise<void> {
  try {
    await socket.send(data);
  } catch (error) {
    if (!socket.gone.aborted) throw error;
  }
}

const goingAway = 1001;
/** So long a page may take what a client has said before it went, milliseconds. */
const lastWordsMs = 2_000;

/** Codes of 4000 to 4999 are the server's own here (4000 + status): a page has those of applications, and "all went well". */
function ownCode(code: number): number {
  if (code === 1000 || code === 1005) return 1000;
  return code >= 3_000 && code < 4_000 ? code : goingAway;
}
