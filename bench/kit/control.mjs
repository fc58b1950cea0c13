import { once } from "node:events";
import { createConnection } from "node:net";

/** Longest wait for one reply; a daemon that hangs must not hang the benchmark. */
const replyMs = 60_000;

/** A connection that speaks the control protocol, its banner read. */
export async function connectControl(path) {
  const socket = createConnection({ path, allowHalfOpen: true });
  const nextLine = readLines(socket);
  await once(socket, "connect");
  await nextLine();
  const ask = async (request) => {
    socket.write(`${request}\n`);
    return refused(await nextLine());
  };
  return { socket, ask, reply: async () => refused(await nextLine()), close: () => socket.destroy() };
}

/** A function that gives the next line as bytes. Its end, or an error, fails whoever waits. */
function readLines(socket) {
  const lines = [];
  let parts = [];
  let wake = () => {};
  let ended;
  const end = (error) => {
    ended ??= error;
    wake();
  };
  socket.on("data", (chunk) => {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10)) {
      lines.push(Buffer.concat([...parts, chunk.subarray(0, at)]));
      parts = [];
      chunk = chunk.subarray(at + 1);
    }
    if (chunk.length > 0) parts.push(chunk);
    if (lines.length > 0) wake();
  });
  socket.on("error", end).on("close", () => end(new Error("the daemon closed the connection")));
  socket.setTimeout(replyMs, () => socket.destroy(new Error(`no reply within ${replyMs} ms`)));
  return async () => {
    while (lines.length === 0) {
      if (ended) throw ended;
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
    return lines.shift();
  };
}

function refused(line) {
  if (line.subarray(0, 6).toString() === "ERROR:") throw new Error(line.toString());
  return line;
}

/** Submit over a connection of its own, as receptorctl does. Resolves with the unit's id when the daemon says it started. */
export async function submitUnit(path, workType) {
  const control = await connectControl(path);
  const id = await submitOver(control, workType);
  control.close();
  return id;
}

/** The same over a connection that stands. It serves one submit: its end is the end of the payload. */
export async function submitOver(control, workType) {
  const created = await control.ask(`work submit localhost ${workType}`);
  control.socket.end();
  await control.reply();
  return /with ID (\w+)\./.exec(created.toString())[1];
}

/** Statuses of all units, by id. */
export async function listUnits(path) {
  const control = await connectControl(path);
  const reply = await control.ask("work list");
  control.close();
  return JSON.parse(reply.toString());
}

/** Read a unit's output to its end, which is when the unit is over. `heard` gets its bytes as they come. */
export async function readResults(path, id, heard = () => {}) {
  const socket = createConnection({ path, allowHalfOpen: true });
  let linesToSkip = 2; // the banner, and "Streaming results"
  socket.on("data", (chunk) => {
    for (; linesToSkip > 0 && chunk.includes(10); linesToSkip--) chunk = chunk.subarray(chunk.indexOf(10) + 1);
    if (linesToSkip === 0 && chunk.length > 0) heard(chunk);
  });
  socket.end(`work results ${id}\n`);
  await once(socket, "end");
  socket.destroy();
}
