/**
 * A helper: a process that starts commands, minds them and writes their endings. It outlives the daemon.
 *
 * argv: socket path, units folder. Descriptor 3: the token, one line.
 */
import { timingSafeEqual } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { shortPath } from "./helper-card.ts";
import { Minder } from "./minder.ts";
import { TurnWriter } from "./turn-writer.ts";
import { decodeMessage, encodeMessage, type Hello, type Order, type Report } from "./wire.ts";

/** Without a daemon and without units a helper has no reason to stay; a restarting daemon is back sooner. */
const lonelyMs = 10_000;

const [socketPath = "", unitsDir = ""] = process.argv.slice(2);
const token = Buffer.from(readFileSync(3, "latin1").trim());

let daemon: Socket | undefined;
let toDaemon: TurnWriter | undefined;
let draining = false;
let lonely: NodeJS.Timeout | undefined;

const minder = new Minder(unitsDir, report, leaveIfDone);

function report(message: Report): void {
  toDaemon?.write(encodeMessage(message));
}

function leaveIfDone(): void {
  clearTimeout(lonely);
  if (minder.unitIds.length > 0) return;
  if (draining) return leave();
  if (!daemon) lonely = setTimeout(leave, lonelyMs);
}

function leave(): void {
  minder.close();
  toDaemon?.flush();
  rmSync(socketPath, { force: true });
  process.exit(0);
}

/** Nothing but a hello with the right token opens a connection; the newest daemon is the one that counts. */
function accept(socket: Socket): void {
  let known = false;
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    if (daemon !== socket) return;
    daemon = undefined;
    toDaemon = undefined;
    leaveIfDone();
  });
  const lines = createInterface({ input: socket }).on("line", (line) => {
    const order = decodeMessage(line) as Order | undefined;
    if (known && order) return obey(order);
    if (!isHello(order) || !sameToken(order.token)) return void socket.destroy();
    known = true;
    daemon?.destroy();
    daemon = socket;
    toDaemon = new TurnWriter(socket);
    // The daemon that let go of us is history; this one says so itself when it does not want us.
    draining = false;
    clearTimeout(lonely);
    minder.setEnvironment(order.env);
    report({ kind: "welcome", units: minder.unitIds });
    minder.repeat();
  });
  // It repeats the errors of the socket.
  lines.on("error", () => undefined);
}

/** The first line of a stranger, who may say anything. */
function isHello(order: Order | undefined): order is Hello {
  return order?.kind === "hello" && typeof order.token === "string";
}

function sameToken(text: string): boolean {
  const given = Buffer.from(text);
  return given.length === token.length && timingSafeEqual(given, token);
}

function obey(order: Order): void {
  switch (order.kind) {
    case "hello":
      return;
    case "start":
      return minder.start(order);
    case "adopt":
      return minder.adopt(order);
    case "stop":
      return minder.stop(order.unit, order.cause);
    case "ping":
      return report({ kind: "pong" });
    case "drain":
      draining = true;
      leaveIfDone();
  }
}

process.title = "farhand-helper";
// The terminal's signals are meant for the daemon. SIGTERM may end a helper: its units do not need it.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => undefined);
process.on("SIGTERM", leave);
const short = shortPath(socketPath);
createServer(accept).listen(short.path, () => short.close());
leaveIfDone();
