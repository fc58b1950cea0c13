import { Agent, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { CliError } from "../errors.ts";
import { ConnectionHandle } from "./connection-handle.ts";
import { openWebSocket } from "./web-socket.ts";

/** A handle from a server that does this with each WebSocket. */
async function handleFrom(serve: (socket: WebSocket, count: number) => void) {
  const http = createServer();
  const server = new WebSocketServer({ server: http });
  let count = 0;
  server.on("connection", (socket) => serve(socket, ++count));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const url = new URL(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/`);
  const { signal } = new AbortController();
  const handle = new ConnectionHandle(
    (until) => openWebSocket(url, new Agent(), {}, until),
    () => new CliError("SERVER_UNREACHABLE", "it hung up"),
  );
  const close = async (): Promise<void> => {
    handle.close();
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => http.close(resolve));
  };
  return { get: () => handle.get(signal), [Symbol.asyncDispose]: close };
}

test("a server that goes away before it gave a handle cannot be reached; the next time there is one", async () => {
  await using handle = await handleFrom((socket, count) => {
    if (count === 1) socket.close();
    else if (count === 2) socket.terminate();
    else socket.send(JSON.stringify({ connection: "h" }));
  });
  await expect(handle.get()).rejects.toMatchObject({ code: "SERVER_UNREACHABLE" });
  await expect(handle.get()).rejects.toMatchObject({ code: "SERVER_UNREACHABLE" });
  expect(await handle.get()).toBe("h");
});

test("bytes are no handle", async () => {
  await using handle = await handleFrom((socket) => socket.send(Buffer.from("{}")));
  await expect(handle.get()).rejects.toMatchObject({ code: "ANSWER_INVALID" });
});
