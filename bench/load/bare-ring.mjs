/** The least that news needs to pass from node to node: sockets in a row, each of which repeats what it hears. */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { answerWith } from "../kit/load.mjs";

/** Where the row begins, and when news last came to its end. */
let [first, heardAt] = [undefined, 0];

answerWith(async ({ name, listens, next }) => {
  if (name === "tell") return first.write("!") && now();
  if (name === "heard") return heardAt;
  const onward = next && connect({ port: next, host: "127.0.0.1", noDelay: true });
  if (onward) await once(onward, "connect");
  if (!listens) {
    first = onward;
    return undefined;
  }
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("data", (data) => (onward ? onward.write(data) : (heardAt = now())));
  });
  await once(server.listen(listens, "127.0.0.1"), "listening");
});

function now() {
  return Number(process.hrtime.bigint()) / 1e6;
}
