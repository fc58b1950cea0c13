import type { ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { once } from "node:events";
import { LineReader } from "#core";
import { maxMessageBytes } from "#fleet";
import { beginStream } from "./answers.ts";

/** What the worker tells unasked: its log, its units, its switches. */
const topics = ["units", "switches", "log"];

/**
 * Hand on the last lines of the worker's log, and its notices as they come, a JSON object a line, until the worker or the reader goes. Who reads slowly
 * is told by the worker how many were lost.
 */
export async function streamNotices(path: string, response: ServerResponse): Promise<void> {
  const socket = connect({ path });
  response.once("close", () => socket.destroy());
  const calls = [
    { jsonrpc: "2.0", id: 1, method: "notices.subscribe", params: { topics } },
    // Asked for after it: a line may come twice, and none is missed.
    { jsonrpc: "2.0", id: 2, method: "log.recent" },
  ];
  // There is nothing to hear of a worker that does not run, and how it is says another request.
  if (!(await isConnected(socket))) return void beginStream(response, "application/x-ndjson").end();
  for (const call of calls) socket.write(`${JSON.stringify(call)}\n`);
  beginStream(response, "application/x-ndjson");
  const lines = new LineReader(maxMessageBytes * 8);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    lines.push(chunk);
    for (let line = lines.next(); line; line = lines.next()) await send(response, `${line.toString()}\n`);
    if (lines.tooLong) break;
  }
  response.end();
}

/** Hand on a unit's output from a byte on, to its end, as it is written. */
export async function streamOutput(path: string, unit: string, from: number, response: ServerResponse): Promise<void> {
  const [{ connectControl, parseControlAddress }, { unitOutput }] = await Promise.all([
    import("#control"),
    import("#work"),
  ]);
  const gone = new AbortController();
  const address = parseControlAddress(join(dirname(path), "control.sock"));
  const control = await connectControl(address, { signal: gone.signal });
  response.once("close", () => {
    gone.abort();
    control.close();
  });
  try {
    for await (const chunk of unitOutput(control, unit, from)) {
      if (!response.headersSent) beginStream(response, "application/octet-stream");
      await send(response, chunk);
    }
    if (!response.headersSent) beginStream(response, "application/octet-stream");
    response.end();
  } finally {
    control.close();
  }
}

async function isConnected(socket: Socket): Promise<boolean> {
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  }
}

/** Nothing heaps up for a reader that is slow. */
async function send(response: ServerResponse, chunk: string | Uint8Array): Promise<void> {
  if (response.destroyed) throw new Error("the reader is gone");
  if (response.write(chunk)) return;
  await Promise.race([once(response, "drain"), once(response, "close")]);
}
