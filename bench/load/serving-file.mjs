/** Sends a file to everyone who connects: a raw file-to-socket copy. */
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createServer } from "node:net";
import { pipeline } from "node:stream";
import { answerWith } from "../kit/load.mjs";

answerWith(async ({ socket, file }) => {
  const server = createServer((client) => {
    pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), client, () => client.destroy());
  });
  await once(server.listen(socket), "listening");
});
