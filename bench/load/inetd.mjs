/**
 * The least that runs work elsewhere: whoever connects gets a command's output. With `into`, the client: connects, writes
 * what comes into a file and tells when the first and the last byte came.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { connect, createServer } from "node:net";
import { answerWith } from "../kit/load.mjs";

answerWith(async ({ command, args, port, into }) => {
  if (port) return fetch(port, into);
  const server = createServer((client) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    child.stdout.pipe(client.on("error", () => child.kill()));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server.address().port;
});

async function fetch(port, into) {
  const socket = connect(port, "127.0.0.1");
  let [bytes, first] = [0, undefined];
  socket.on("data", (chunk) => {
    first ??= performance.now();
    bytes += chunk.length;
  });
  const file = createWriteStream(into);
  socket.pipe(file);
  await once(file, "finish");
  return { bytes, ms: performance.now() - first };
}
