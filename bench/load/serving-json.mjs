/** Answers every line with the same object, made into JSON anew each time. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { answerWith } from "../kit/load.mjs";

answerWith(async ({ socket, file }) => {
  const object = JSON.parse(readFileSync(file, "utf8"));
  const server = createServer((client) => {
    client.write("hello\n");
    client.on("data", () => client.write(`${JSON.stringify(object)}\n`)).on("error", () => client.destroy());
  });
  await once(server.listen(socket), "listening");
});
