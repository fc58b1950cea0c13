import { connect, type Socket } from "node:net";
import { systemCode } from "#core";
import type { PortState } from "./result.ts";

/** What became of a connection. */
export interface PortAnswer {
  readonly state: PortState;
  readonly banner?: string;
}

/** How one port is tried. */
export interface PortTry {
  readonly timeoutMs: number;
  /** Wait for the first line it says by itself. */
  readonly listens: boolean;
  readonly signal: AbortSignal;
}

/** What talks first does so soon. */
const bannerMs = 800;
const maxBannerBytes = 512;

/** Connect to a port and hang up, without any right. A refusal is `closed`; silence, or word that there is no way, `filtered`. */
export async function connectPort(
  address: string,
  port: number,
  { timeoutMs, listens, signal }: PortTry,
): Promise<PortAnswer> {
  signal.throwIfAborted();
  const socket = connect({ host: address, port });
  const abort = (): void => void socket.destroy(new Error("aborted"));
  signal.addEventListener("abort", abort);
  try {
    const state = await stateOf(socket, timeoutMs);
    signal.throwIfAborted();
    const banner = state === "open" && listens ? await bannerOf(socket) : "";
    return { state, ...(banner !== "" && { banner }) };
  } finally {
    signal.removeEventListener("abort", abort);
    socket.destroy();
  }
}

function stateOf(socket: Socket, timeoutMs: number): Promise<PortState> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve("filtered"), timeoutMs);
    const settle = (state: PortState): void => {
      clearTimeout(timer);
      resolve(state);
    };
    socket.on("connect", () => settle("open"));
    socket.on("error", (error) => settle(systemCode(error) === "ECONNREFUSED" ? "closed" : "filtered"));
  });
}

/** Its first line, or what there is of it. */
function bannerOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0);
    const done = (): void => {
      clearTimeout(timer);
      const [line = ""] = bytes.toString("latin1").split(/[\r\n]/);
      resolve(
        line
          .replaceAll(/[^\x21-\x7e\xa1-\xff]+/g, " ")
          .trim()
          .slice(0, 200),
      );
    };
    const timer = setTimeout(done, bannerMs);
    socket.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.includes(0x0a) || bytes.length > maxBannerBytes) done();
    });
    socket.on("close", done);
  });
}
