/**
 * The least that a server with TLS can be. It answers `GET /text` with a text, `GET /file` with a file, and `POST` when a
 * command that it spawned has started.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, readFileSync } from "node:fs";
import { createServer } from "node:https";
import { pipeline } from "node:stream";
import { answerWith } from "../kit/load.mjs";

answerWith(async ({ cert, key, text = "", file = "", command = [] }) => {
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
    if (request.method === "POST") return startFor(request, response, command);
    if (request.url === "/file")
      return pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), response, () => {});
    response.setHeader("content-type", "application/json");
    response.end(text);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server.address().port;
});

function startFor(request, response, [command, ...args]) {
  const child = spawn(command, args, { stdio: ["pipe", "ignore", "ignore"] });
  request.pipe(child.stdin);
  child.once("spawn", () => {
    response.setHeader("content-type", "application/json");
    response.end("{}");
  });
}
