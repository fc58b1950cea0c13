import { FarhandError } from "#core";
import { CliError } from "../errors.ts";
import { oneLine } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { apiPath, queryText } from "./api-path.ts";
import { throwProblemIn } from "./socket-problem.ts";
import { messagesOf, type WebSocket } from "./web-socket.ts";

/** What stands behind `stdin` where a person sits. */
interface Keys {
  setRawMode?(raw: boolean): unknown;
  on(event: "data", listener: (chunk: Buffer) => void): unknown;
  off(event: "data", listener: (chunk: Buffer) => void): unknown;
  pause(): unknown;
  resume(): unknown;
}

/** The screen, as far as its size matters. Tests hand in their own. */
export interface Screen {
  readonly rows?: number;
  readonly columns?: number;
  on(event: "resize", listener: () => void): unknown;
  off(event: "resize", listener: () => void): unknown;
}

/** Ctrl-]: as with telnet, and no shell wants it. */
const escapeKey = 0x1d;
/** So much may wait for the server before we stop reading keys: somebody pastes a file. */
const maxWaitingBytes = 256 * 1024;

/**
 * A shell on a worker: keys go there and its screen comes here, until it ends or Ctrl-] cuts it off.
 *
 * @returns the shell's exit code, or 0 for Ctrl-].
 * @throws {ServerProblem} when the worker's policy or the user's level does not allow it; {CliError} `NO_KEYBOARD`,
 *   `SERVER_UNREACHABLE` when nobody tells how it ended.
 */
export async function openShell(
  api: ApiClient,
  worker: string,
  terminal: Terminal,
  screen: Screen = process.stdout,
): Promise<number> {
  if (terminal.stdin.isTTY !== true) {
    throw new CliError("NO_KEYBOARD", "a shell needs a terminal", { remedy: "`farhand run WORKER -- …` needs none" });
  }
  const { rows, columns } = sizeOf(screen);
  const over = new AbortController();
  const path = apiPath`/workers/${worker}/shell` + queryText({ rows, columns });
  await api.connect();
  const webSocket = await api.webSocket(path, over.signal);
  let [isOpen, isCutOff] = [false, false];
  const opened = (): void => {
    if (!isOpen) terminal.sayPart(`connected to ${oneLine(worker)}; Ctrl-] cuts off\r\n`);
    isOpen = true;
  };
  const keys = typing(terminal.stdin as unknown as Keys, webSocket, () => {
    isCutOff = true;
    webSocket.terminate();
  });
  const resized = (): void => send(webSocket, JSON.stringify({ resize: sizeOf(screen) }));
  screen.on("resize", resized);
  const closed = closeOf(webSocket);
  try {
    const exit = await shown(webSocket, terminal, opened, over.signal);
    if (exit === undefined && !isCutOff && !isOrderly(await closed)) throw broken();
    return exit ?? 0;
  } catch (error) {
    throw error instanceof FarhandError ? error : broken(error);
  } finally {
    screen.off("resize", resized);
    keys.close();
    webSocket.terminate();
    const end = endText(await closed);
    if (isOpen) terminal.sayPart(`\r\n${end}\n`);
  }
}

/** A terminal that does not know its size says zero, and no shell can be drawn on that. */
function sizeOf({ rows, columns }: Screen): { rows: number; columns: number } {
  return { rows: rows || 24, columns: columns || 80 };
}

const broken = (cause?: unknown): CliError =>
  new CliError("SERVER_UNREACHABLE", "the connection broke, and nobody knows how the shell ended", { cause });

/** Its screen, to its end. @returns the exit code of the shell, as far as it is told. @throws {ServerProblem} */
async function shown(
  webSocket: WebSocket,
  terminal: Terminal,
  opened: () => void,
  signal: AbortSignal,
): Promise<number | undefined> {
  let exit: number | undefined;
  for await (const { data, isBinary } of messagesOf(webSocket, signal)) {
    if (!isBinary) throwProblemIn(data);
    opened();
    if (isBinary) await terminal.write(data);
    else exit = exitIn(data.toString()) ?? exit;
  }
  return exit;
}

function exitIn(text: string): number | undefined {
  try {
    const { exit } = JSON.parse(text) as { exit?: unknown };
    return typeof exit === "number" ? exit & 0xff : undefined;
  } catch {
    return undefined;
  }
}

function typing(keys: Keys, webSocket: WebSocket, cutOff: () => void): { close(): void } {
  const press = (chunk: Buffer): void => {
    const escape = chunk.indexOf(escapeKey);
    const typed = escape === -1 ? chunk : chunk.subarray(0, escape);
    if (typed.length > 0) send(webSocket, typed, () => keys.resume());
    if (webSocket.bufferedAmount > maxWaitingBytes) keys.pause();
    if (escape !== -1) cutOff();
  };
  keys.setRawMode?.(true);
  keys.on("data", press);
  keys.resume();
  return {
    close() {
      keys.off("data", press);
      keys.setRawMode?.(false);
      keys.pause();
    },
  };
}

/** A socket that is closing takes nothing more, and that is no failure. */
function send(webSocket: WebSocket, data: string | Buffer, sent: () => void = () => {}): void {
  if (webSocket.readyState === webSocket.OPEN) webSocket.send(data, sent);
}

function closeOf(webSocket: WebSocket): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => {
    webSocket.once("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  });
}

/** Nobody pulled the plug. */
function isOrderly({ code }: { code: number }): boolean {
  return code === 1000 || code === 1005;
}

function endText({ code, reason }: { code: number; reason: string }): string {
  if (reason !== "") return `the shell ended: ${oneLine(reason)}`;
  return isOrderly({ code }) ? "the shell ended" : "the connection was cut off";
}
