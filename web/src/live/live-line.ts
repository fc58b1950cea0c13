import type { LiveMessage, Problem } from "#server/wire";

const firstPauseMs = 500;
const longestPauseMs = 15_000;
/** Close codes of ours are 4000 and the status of the problem. */
const statusBase = 4_000;
/** The server says something every 15 s at least: a line on which nothing comes for longer is dead, whatever the network thinks. */
const silentMs = 60_000;

/** Whether changes come in. */
export type LineState =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "cut"; readonly sinceMs: number; readonly why: string };

/** What a line asks of whoever keeps it. */
export interface LineEvents {
  /** What to say first: where to go on. */
  start(): object;
  message(message: LiveMessage): void;
  state(state: LineState): void;
  /** The session is over: no use in trying again. */
  ended(): void;
}

/**
 * The one WebSocket on which changes come, kept up: after a cut it is tried again with growing pauses, at once when the
 * browser says that there is a network again.
 */
export class LiveLine {
  readonly #url: string;
  readonly #events: LineEvents;
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Fires when the server has been silent for too long. */
  #silence: ReturnType<typeof setTimeout> | undefined;
  #pauseMs = firstPauseMs;
  #cutSinceMs: number | undefined;
  #isOver = false;

  constructor(url: string, events: LineEvents) {
    this.#url = url;
    this.#events = events;
    globalThis.addEventListener("online", this.#again);
    this.#open();
  }

  close(): void {
    this.#isOver = true;
    globalThis.removeEventListener("online", this.#again);
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    this.#socket?.close();
  }

  /** Say something more, if the line is there: a new one begins with {@link LineEvents.start}. */
  say(message: () => object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message()));
  }

  #open(): void {
    const socket = new WebSocket(this.#url);
    let problem: Problem | undefined;
    this.#socket = socket;
    socket.addEventListener("open", () => socket.send(JSON.stringify(this.#events.start())));
    this.#expectWord(socket);
    socket.addEventListener("message", ({ data }: MessageEvent<string>) => {
      this.#expectWord(socket);
      const message = JSON.parse(data) as LiveMessage;
      if ("problem" in message) problem = message.problem;
      else this.#hear(message);
    });
    socket.addEventListener("close", ({ code }) => {
      // One that was given up closes when it can; another has taken its place by then.
      if (socket === this.#socket) this.#closed(code - statusBase, problem);
    });
  }

  #expectWord(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#socket = undefined;
      socket.close();
      this.#closed(0, undefined);
    }, silentMs);
  }

  #hear(message: LiveMessage): void {
    this.#pauseMs = firstPauseMs;
    this.#cutSinceMs = undefined;
    this.#events.state({ kind: "live" });
    this.#events.message(message);
  }

  #closed(status: number, problem: Problem | undefined): void {
    clearTimeout(this.#silence);
    if (this.#isOver) return;
    if (status === 401) return this.#events.ended();
    this.#cutSinceMs ??= Date.now();
    const why = problem?.detail ?? "the line to the server broke";
    this.#events.state({ kind: "cut", sinceMs: this.#cutSinceMs, why });
    // Not all pages of a building at once, when its server is back.
    const waitMs = this.#pauseMs * (0.75 + Math.random() / 2);
    this.#pauseMs = Math.min(2 * this.#pauseMs, longestPauseMs);
    this.#timer = setTimeout(this.#again, waitMs);
  }

  readonly #again = (): void => {
    if (this.#isOver || (this.#socket?.readyState ?? WebSocket.CLOSED) < WebSocket.CLOSING) return;
    clearTimeout(this.#timer);
    this.#open();
  };
}
