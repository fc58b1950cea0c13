import { Agent } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { openWebSocket } from "./web-socket.ts";

test("openWebSocket() gives up a server that takes the connection and does not answer", async () => {
  const silent = createServer((socket) => void socket.on("error", () => {}).resume());
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as AddressInfo;
  const never = new AbortController();
  const opening = openWebSocket(new URL(`ws://127.0.0.1:${port}/`), new Agent(), {}, never.signal, 200);
  await expect(opening).rejects.toThrow(/timed out/);
  // Nothing of it is left: a connection would keep the server from closing.
  await new Promise((resolve) => silent.close(resolve));
});
