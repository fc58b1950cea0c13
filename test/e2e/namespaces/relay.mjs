/** Leads connections to a port on to another place, and says of each where it came from. Usage: node relay.mjs FROM PORT TO PORT */
import { connect, createServer } from "node:net";
import { pipeline } from "node:stream";

const [address, port, toAddress, toPort] = process.argv.slice(2);
const server = createServer({ allowHalfOpen: true }, (near) => {
  console.log(`from ${near.remoteAddress}`);
  const far = connect({ host: toAddress, port: Number(toPort), allowHalfOpen: true });
  pipeline(near, far, near, () => near.destroy());
});
server.listen(Number(port), address, () => console.log("relay ready"));
