/**
 * The least that a server of many connections with TLS can be: sockets that answer whatever comes with as many bytes as a
 * heartbeat's answer has. Or its clients, which say as much as a heartbeat.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:tls";
import { answerWith } from "../kit/load.mjs";

const beat = Buffer.alloc(900, "b");
const answer = Buffer.alloc(300, "a");

answerWith(async ({ cert, key, ca, port, clients, atOnce = 8, everyMs }) => {
  if (cert) {
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(key), noDelay: true }, (socket) => {
      socket.on("error", () => {}).on("data", () => socket.write(answer));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return server.address().port;
  }
  let left = clients;
  const authority = readFileSync(ca);
  const dialNext = async () => {
    while (left-- > 0) {
      const socket = connect({ port, host: "127.0.0.1", ca: authority, noDelay: true });
      socket.on("error", () => {}).resume();
      await once(socket, "secureConnect");
      const tell = () => socket.write(beat);
      // As workers that started one after the other would: not all at once.
      setTimeout(() => setInterval(tell, everyMs), Math.random() * everyMs);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, dialNext));
});
