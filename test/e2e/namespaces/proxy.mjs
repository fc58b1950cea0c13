/** An ordinary HTTP/1.1 proxy at an address: no CONNECT, no upgrades. Usage: node proxy.mjs ADDRESS PORT */
import { createServer, request } from "node:http";
import { pipeline } from "node:stream";

const [address, port] = process.argv.slice(2);
const server = createServer((from, to) => {
  const { "proxy-connection": _, ...headers } = from.headers;
  const outgoing = request(from.url, { method: from.method, headers });
  outgoing
    .on("error", () => to.destroy())
    .on("response", (answer) => {
      to.writeHead(answer.statusCode, answer.headers);
      pipeline(answer, to, () => {});
    });
  pipeline(from, outgoing, () => {});
});
server.listen(Number(port), address, () => console.log("proxy ready"));
