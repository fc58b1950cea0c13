import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Clock, systemClock, systemCode } from "#core";
import { identityOf, isAlive } from "../unit/process-table.ts";
import { type HelperCard, helperSocket, newHelperId, removeCard, shortPath, writeCard } from "./helper-card.ts";
import { TurnWriter } from "./turn-writer.ts";
import { decodeMessage, encodeMessage, isReport, type Order, type Report } from "./wire.ts";

const connectTries = 200;
const connectWaitMs = 20;

/** Helpers are programs of the build, also when the daemon runs from sources under test. */
/** Of a report: a status, or the ids of as many units as a helper minds. */
const maxLineBytes = 1024 * 1024;
const mainPath = fileURLToPath(new URL("../../../dist/program/helper.js", import.meta.url));

/** What the daemon hears from one helper. */
export interface HelperEvents {
  report(report: Report, helper: string): void;
  /** The connection is gone and the process with it: its units need somebody else. */
  lost(helper: string): void;
}

/** The daemon's end of one helper. */
export class HelperProcess {
  readonly card: HelperCard;
  readonly #socket: Socket;
  readonly #writer: TurnWriter;

  constructor(card: HelperCard, socket: Socket) {
    this.card = card;
    this.#socket = socket;
    this.#writer = new TurnWriter(socket);
  }

  get id(): string {
    return this.card.id;
  }

  send(order: Order): void {
    this.#writer.write(encodeMessage(order));
  }

  /** It no longer answers: end it, so that its units can be given to another. */
  kill(): void {
    killHelper(this.card);
    this.#socket.destroy();
  }

  /** Let go of it; it finishes its units by itself. */
  close(): void {
    this.#writer.flush();
    this.#socket.destroy();
  }
}

/** End a helper at once. One that is gone already, even since the last look, is fine. */
export function killHelper({ process: identity }: HelperCard): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, "SIGKILL");
  } catch (error) {
    if (systemCode(error) !== "ESRCH") throw error;
  }
}

/**
 * Start a helper that outlives us: its own session, no terminal, the token on descriptor 3 rather than in argv or the
 * environment, where other processes could read it.
 */
export async function startHelper(dir: string, unitsDir: string, version: string, events: HelperEvents) {
  const { id, token } = newHelperId();
  // Not our own stderr: whoever reads that would wait for the helper too, long after we are gone.
  const log = openSync(join(dir, "helpers.log"), "a", 0o600);
  const child = spawn(process.execPath, [mainPath, helperSocket(dir, id), unitsDir], {
    detached: true,
    stdio: ["ignore", "ignore", log, "pipe"],
  });
  closeSync(log);
  if (child.pid === undefined) throw (await once(child, "error"))[0] as Error;
  // Closed on our side, and not only ended: the helper keeps its end, and that would keep us alive with it.
  const tokenPipe = (child.stdio[3] as Socket).on("error", () => undefined);
  tokenPipe.end(`${token}\n`, () => tokenPipe.destroy());
  const identity = identityOf(child.pid);
  if (!identity) throw new Error(`helper ${id} ended as soon as it was started; see helpers.log in ${dir}`);
  child.unref();
  const card = { id, token, version, process: identity };
  writeCard(dir, card);
  try {
    return await connectHelper(dir, card, events);
  } catch (error) {
    killHelper(card);
    removeCard(dir, id);
    throw error;
  }
}

/** Connect to a helper that runs, and show it our token. Resolves with the units it minds. */
export async function connectHelper(
  dir: string,
  card: HelperCard,
  events: HelperEvents,
  clock: Clock = systemClock,
): Promise<{ helper: HelperProcess; units: readonly string[] }> {
  const socket = await connectWithin(helperSocket(dir, card.id), card, clock);
  const helper = new HelperProcess(card, socket);
  const welcome = new Promise<readonly string[]>((resolve, reject) => {
    boundLines(socket);
    const lines = createInterface({ input: socket }).on("line", (line) => {
      const report = decodeMessage(line);
      if (!isReport(report)) return void socket.destroy();
      if (report.kind === "welcome") resolve(report.units);
      else events.report(report, card.id);
    });
    socket.on("error", () => socket.destroy());
    // It repeats the errors of the socket.
    lines.on("error", () => undefined);
    socket.on("close", () => {
      reject(new Error(`helper ${card.id} closed the connection`));
      events.lost(card.id);
    });
  });
  helper.send({ kind: "hello", token: card.token, env: commandEnvironment() });
  return { helper, units: await welcome };
}

/** A line without an end would be kept for ever: who says one is hung up on. */
function boundLines(socket: Socket): void {
  let open = 0;
  socket.on("data", (chunk: Buffer) => {
    const end = chunk.lastIndexOf(10);
    open = end < 0 ? open + chunk.length : chunk.length - end - 1;
    if (open > maxLineBytes) socket.destroy();
  });
}

async function connectWithin(path: string, card: HelperCard, clock: Clock): Promise<Socket> {
  for (let tries = 1; ; tries++) {
    const short = shortPath(path);
    const socket = createConnection(short.path);
    try {
      await once(socket, "connect").finally(() => short.close());
      return socket;
    } catch (error) {
      socket.destroy();
      if (tries === connectTries || !isAlive(card.process)) throw error;
      await clock.sleep(connectWaitMs);
    }
  }
}

/** Commands inherit the daemon's environment (spec §2.4) without what is meant for Farhand itself. */
function commandEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith("FARHAND_"),
  );
  return Object.fromEntries(entries);
}
