/**
 * The services of the far host: HTTP on 80, TLS on 443, a greeting on 2525, and a redirection to 10.0.0.1.
 *
 * Arguments: address, certificate, key.
 */
import { readFileSync } from "node:fs";
import { createServer as http } from "node:http";
import { createServer as tcp } from "node:net";
import { createServer as tls } from "node:tls";

const [address, cert, key] = process.argv.slice(2);
const web = http((request, response) => {
  if (request.url === "/away") response.writeHead(302, { Location: "http://10.0.0.1/" });
  response.end("hello from afar");
});
const secure = tls({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) =>
  socket.on("error", () => {}).end(),
);
const mail = tcp((socket) => socket.on("error", () => {}).write("220 mail.example.test ready\r\n"));
const listening = [web.listen(80, address), secure.listen(443, address), mail.listen(2525, address)];
await Promise.all(listening.map((server) => new Promise((resolve) => server.on("listening", resolve))));
console.log("listening");
