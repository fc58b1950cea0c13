/** Viewers of a channel, as bare sockets: they count bytes, and know how many there will be. Also one that sends to itself. */
import { once } from "node:events";
import { connect } from "node:net";
import { answerWith } from "../kit/load.mjs";
import { openSender, taskFrames } from "./zmtp-bytes.mjs";

let done;

answerWith(async ({ watch, port, viewers, expected, wait, roundTrips, zeroMq, everyMs }) => {
  if (wait) return await done;
  if (watch === undefined) return await roundTrip(roundTrips, port, zeroMq, everyMs);
  let left = viewers;
  let over = () => {};
  done = new Promise((resolve) => {
    over = () => --left === 0 && resolve(Date.now());
  });
  for (let n = 0; n < viewers; n++) await view(port, watch, countTo(expected, over));
});

function countTo(expected, over) {
  let bytes = 0;
  return (chunk) => {
    bytes += chunk.length;
    if (bytes >= expected && bytes - chunk.length < expected) over();
  };
}

/** A WebSocket as far as it is needed: its handshake, one masked message, and then what comes. */
async function view(port, channel, heard) {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => {});
  await once(socket, "connect");
  const head = ["GET / HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"];
  socket.write([...head, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "", ""].join("\r\n"));
  await once(socket, "data");
  socket.on("data", heard);
  socket.write(Buffer.concat([Buffer.of(0x81, 0x80 | channel.length, 0, 0, 0, 0), Buffer.from(channel)]));
}

/** Milliseconds from a message's sending to its coming back, one after the other. */
async function roundTrip(count, port, zeroMq, everyMs) {
  const took = [];
  let heard = () => {};
  await view(port, "round", () => heard());
  const sender = await openSender(zeroMq);
  for (let n = 0; n < count; n++) {
    const start = performance.now();
    const back = new Promise((resolve) => {
      heard = resolve;
    });
    sender.write(taskFrames("round", n, 1));
    await back;
    took.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  sender.destroy();
  return took.slice(Math.floor(count / 10));
}
