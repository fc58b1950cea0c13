/** The least that a relay can be: what comes at one port goes to every socket of the other, as it is. */
import { once } from "node:events";
import { createServer } from "node:net";
import { answerWith } from "../kit/load.mjs";

answerWith(async () => {
  const viewers = new Set();
  const output = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {}).on("close", () => viewers.delete(socket));
    socket.once("data", () => {
      socket.write("HTTP/1.1 101\r\n\r\n");
      socket.once("data", () => viewers.add(socket));
    });
  });
  const input = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write("met");
      socket.on("data", (chunk) => {
        for (const viewer of viewers) viewer.write(chunk);
      });
    });
  });
  await Promise.all([input, output].map((server) => once(server.listen(0, "127.0.0.1"), "listening")));
  return { zeroMq: input.address().port, port: output.address().port };
});
