import type { Problem } from "#server/wire";
import { socketUrl, word } from "./place.ts";
import { problemIn, problemOf } from "./problem.ts";
import { send } from "./request.ts";

/** What is heard of a shell. */
export interface ShellEvents {
  opened(): void;
  bytes(bytes: Uint8Array): void;
}

/** How a shell ended. */
export interface ShellEnding {
  /** 128 + n when signal n ended it; undefined: nobody tells. */
  readonly exit?: number | undefined;
  /** What cut it off, or kept it from beginning. */
  readonly problem?: Problem | undefined;
  /** It ended as it should: by itself, or by whoever sat at it. */
  readonly isOrderly: boolean;
}

/** So much may wait for the server before keys are dropped: somebody pastes a file. */
const maxWaitingBytes = 4 * 1024 * 1024;

/** A shell on a worker: keys go there, and its screen comes here. */
export class ShellLine {
  /** Resolves when it is over, whatever ended it. */
  readonly ended: Promise<ShellEnding>;
  readonly #socket: WebSocket;

  constructor(worker: string, { rows, columns }: { rows: number; columns: number }, events: ShellEvents) {
    this.#socket = new WebSocket(socketUrl(`workers/${word(worker)}/shell?rows=${rows}&columns=${columns}`));
    this.#socket.binaryType = "arraybuffer";
    this.ended = this.#follow(worker, events);
  }

  /** @returns whether they go there: not when it is over, or much more was pasted than it takes. */
  type(bytes: Uint8Array<ArrayBuffer>): boolean {
    const { readyState, bufferedAmount } = this.#socket;
    if (readyState !== WebSocket.OPEN || bufferedAmount + bytes.length > maxWaitingBytes) return false;
    this.#socket.send(bytes);
    return true;
  }

  resize(size: { readonly rows: number; readonly columns: number }): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ resize: size }));
  }

  close(): void {
    this.#socket.close();
  }

  #follow(worker: string, { opened, bytes }: ShellEvents): Promise<ShellEnding> {
    return new Promise((resolve) => {
      let isBegun = false;
      let last: { readonly exit?: number; readonly problem?: Problem } = {};
      this.#socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
        if (typeof data !== "string") return bytes(new Uint8Array(data));
        const said = JSON.parse(data) as { opened?: string; exit?: number; problem?: Problem };
        if (said.opened !== undefined) opened();
        last = { ...last, ...said };
      });
      this.#socket.addEventListener("open", () => (isBegun = true));
      this.#socket.addEventListener("close", ({ code }) => {
        const { exit, problem } = last;
        const ending = { exit, problem, isOrderly: code === 1_000 || code === 1_005 };
        if (isBegun) resolve(ending);
        else void whyNot(worker).then((why) => resolve({ ...ending, problem: why }));
      });
    });
  }
}

/** Why a WebSocket did not open no browser says; the server does, to whoever asks for it as for a page. */
async function whyNot(worker: string): Promise<Problem> {
  try {
    const answer = await send("GET", `workers/${word(worker)}/shell`, {});
    const problem = problemIn(await answer.json(), answer.status, answer.statusText).problem;
    const isAllowed = problem.code === "REQUEST_INVALID";
    return isAllowed
      ? { ...problem, detail: "the connection to the server could not be made", remedy: again }
      : problem;
  } catch (error) {
    return problemOf(error);
  }
}

const again = "try again; where a proxy stands between, it must let WebSockets through";
