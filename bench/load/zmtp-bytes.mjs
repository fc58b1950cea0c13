/** What a broker puts on the wire for a monitor, made beforehand: the cost of making it is nobody's who is measured. */
import { once } from "node:events";
import { connect } from "node:net";

const taskBytes = 8;

/** Messages `TASK` from number `from` on, four frames each, as bytes of ZMTP. */
export function taskFrames(channel, from, count) {
  const head = frame(channel, true) + frame("TASK", true);
  let text = "";
  for (let n = from; n < from + count; n++)
    text += head + frame(String(n).padStart(taskBytes, "0"), true) + frame("COMPLETED", false);
  return Buffer.from(text, "latin1");
}

/** Bytes a viewer gets for each of them: one frame of WebSocket. */
export const viewedBytes =
  2 + `{"command": "TASK", "task_id": "${"0".repeat(taskBytes)}", "task_state": "COMPLETED"}`.length;

function frame(text, hasMore) {
  return String.fromCharCode(hasMore ? 1 : 0, text.length) + text;
}

/** A connection that has met the monitor. */
export async function openSender(port) {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  const property = (name, value) =>
    `${String.fromCharCode(name.length)}${name}\0\0\0${String.fromCharCode(value.length)}${value}`;
  const ready = `\x05READY${property("Socket-Type", "ROUTER")}${property("Identity", "")}`;
  const greeting = Buffer.alloc(64);
  greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]);
  greeting.write("NULL", 12);
  socket.write(greeting);
  socket.write(Buffer.from(`\x04${String.fromCharCode(ready.length)}${ready}`, "latin1"));
  await once(socket, "data");
  socket.on("error", () => {}).resume();
  return socket;
}
