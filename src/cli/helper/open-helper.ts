import { closeSync, readFileSync } from "node:fs";
import { CliError } from "../errors.ts";
import { readText } from "../files.ts";
import { hearTwice } from "./hear-twice.ts";
import { secretIn } from "../server/secret-file.ts";
import type { Terminal } from "../terminal.ts";
import type { WorkerAddress } from "./line.ts";
import { runLoop } from "./run-loop.ts";

/** Options of `farhand helper`. */
export interface HelperOptions {
  readonly type?: readonly string[];
  readonly slots?: string;
  readonly socket?: string;
  readonly url?: string;
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly inherited?: true;
}

const mostSlots = 100;
/** Descriptor on which the worker that starts a helper says where it is, and gives it its token (CAT-86). */
const inheritedFd = 3;
const maxInheritedBytes = 8 * 1024;

/** `farhand helper`: run a command for each task of a worker. */
export async function runHelper(words: readonly string[], options: HelperOptions, terminal: Terminal): Promise<void> {
  const [command, ...args] = words;
  if (command === undefined)
    throw new CliError("USAGE", "there is no command to run for each task", { remedy: "put it behind `--`" });
  const slots = Number(options.slots ?? "1");
  if (!Number.isInteger(slots) || slots < 1 || slots > mostSlots)
    throw new CliError("USAGE", `--slots is a number from 1 to ${mostSlots}`);
  const address = await addressOf(options, terminal);
  const wishes = hearTwice();
  try {
    const { type: workTypes } = options;
    const program = { command, args };
    await runLoop({ address, workTypes, slots, program, ...wishes, say: (line) => terminal.say(line) });
  } finally {
    wishes.close();
  }
}

async function addressOf(options: HelperOptions, terminal: Terminal): Promise<WorkerAddress> {
  const { socket, url, tokenFile, inherited } = options;
  if (inherited) return inheritedAddress();
  if (url !== undefined) return await remoteAddress(url, options, terminal);
  const token = tokenFile === undefined ? {} : { token: await secretIn(tokenFile, terminal) };
  return {
    kind: "socket",
    path: socket || terminal.env["FARHAND_WORKER_SOCKET"] || (await defaultSocket(terminal)),
    ...token,
  };
}

async function remoteAddress(text: string, { tokenFile, ca, socket }: HelperOptions, terminal: Terminal) {
  if (socket !== undefined) throw new CliError("USAGE", "--socket and --url are two ways to a worker: give one");
  if (tokenFile === undefined)
    throw new CliError("USAGE", "--url needs --token-file", {
      remedy: "`farhand helper-token` on the worker's machine makes a token",
    });
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "https:") throw new CliError("USAGE", `${text} is no https:// address`);
  const trust = ca === undefined ? { kind: "roots" as const } : { kind: "authority" as const, pem: await readText(ca) };
  return { kind: "https" as const, url, token: await secretIn(tokenFile, terminal), trust };
}

/** Read once, and closed before anything is started that could inherit it. */
function inheritedAddress(): WorkerAddress {
  try {
    const text = readFileSync(inheritedFd, "utf8");
    closeSync(inheritedFd);
    const { socket, token } = JSON.parse(text.slice(0, maxInheritedBytes)) as Record<string, unknown>;
    if (typeof socket === "string" && typeof token === "string") return { kind: "socket", path: socket, token };
  } catch (error) {
    throw noInheritance(error);
  }
  throw noInheritance(undefined);
}

function noInheritance(cause: unknown): CliError {
  return new CliError("USAGE", "nothing was handed over on descriptor 3: --inherited is for helpers a worker starts", {
    cause,
  });
}

async function defaultSocket({ env }: Terminal): Promise<string> {
  const { placesOf } = await import("#worker");
  return placesOf(process.getuid?.() === 0 ? "system" : "session", env).socket;
}
