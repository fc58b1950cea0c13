/** The least that a hub of many connections can be: sockets that answer every five bytes with five. Or its clients. */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { answerWith } from "../kit/load.mjs";

const word = Buffer.from("alive");

answerWith(async ({ listens, port, clients, everyMs }) => {
  if (listens) {
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on("error", () => {}).on("data", () => socket.write(word));
    });
    await once(server.listen(listens, "127.0.0.1"), "listening");
    return;
  }
  for (let n = 0; n < clients; n++) {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.on("error", () => {}).resume();
    await once(socket, "connect");
    const tell = () => socket.write(word);
    // As nodes that started one after the other would: not all at once.
    setTimeout(() => setInterval(tell, everyMs), Math.random() * everyMs);
  }
});
