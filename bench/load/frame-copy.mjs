/** Reads frames from every odd connection and writes each to the even one after it: the least that a relay must do. */
import { once } from "node:events";
import { createServer } from "node:net";
import { answerWith } from "../kit/load.mjs";

answerWith(async () => {
  let waiting;
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {});
    if (!waiting) waiting = socket.pause();
    else {
      copy(waiting, socket);
      waiting = undefined;
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server.address().port;
});

function copy(from, to) {
  let rest = Buffer.alloc(0);
  from.on("data", (chunk) => {
    let all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    to.cork();
    for (let end = 0; all.length >= 2 && all.length >= (end = 2 + all.readUInt16LE()); all = all.subarray(end)) {
      to.write(all.subarray(0, 2));
      to.write(all.subarray(2, end));
    }
    to.uncork();
    rest = all;
    if (to.writableNeedDrain) {
      from.pause();
      to.once("drain", () => from.resume());
    }
  });
  from.resume();
}
