import type { Aside } from "#fleet";
import type { Desk } from "./desk.ts";
import { type AnswerCall, answerRpc, refusalAnswer } from "./rpc.ts";
import type { Visitor } from "./visitor.ts";

/** Messages of one connection that are answered at once; it is not read further meanwhile. */
const atOnce = 16;
/** So many more may only wait, and with so many bytes: a helper waits for its next task, and for each one's pace. */
const mostAside = 1_024;
const mostAsideBytes = 4 * 1024 * 1024;

/** A connection on which messages come and go: lines of a socket, messages of a WebSocket. */
export interface Line {
  /** Resolves once there is room for more. Whoever has gone is not missed. */
  send(text: string): Promise<void>;
}

/** Answers the messages of one connection, several at once, each as soon as its answer is there. */
export class Conversing {
  readonly #desk: Desk;
  readonly #visitor: Visitor;
  readonly #line: Line;
  readonly #gone = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #working = 0;
  #aside = 0;
  #asideBytes = 0;
  #madeRoom = (): void => {};

  constructor(desk: Desk, visitor: Visitor, line: Line) {
    this.#desk = desk;
    this.#visitor = visitor;
    this.#line = line;
  }

  get isBusy(): boolean {
    return this.#running.size > 0;
  }

  /** Begin to answer a message. Resolves when the next one may come. */
  async take(message: Uint8Array): Promise<void> {
    const answered = this.#answer(message).finally(() => this.#running.delete(answered));
    this.#running.add(answered);
    while (this.#working >= atOnce) await new Promise<void>((resolve) => (this.#madeRoom = resolve));
  }

  /** Resolves when all that was taken has been answered. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** The other side is gone: nobody waits for what still runs. */
  abandon(): void {
    this.#gone.abort(new Error("the other side is gone"));
  }

  async #answer(message: Uint8Array): Promise<void> {
    this.#working++;
    try {
      await this.#say(message);
    } finally {
      this.#rest();
    }
  }

  /** What it works at is one less, for good or for now. */
  #rest(): void {
    this.#working--;
    this.#madeRoom();
  }

  async #waitAside<T>(bytes: number, wait: Promise<T>): Promise<T> {
    if (this.#aside >= mostAside || this.#asideBytes + bytes > mostAsideBytes) return await wait;
    this.#aside++;
    this.#asideBytes += bytes;
    this.#rest();
    try {
      return await wait;
    } finally {
      this.#aside--;
      this.#asideBytes -= bytes;
      this.#working++;
    }
  }

  async #say(message: Uint8Array): Promise<void> {
    const { signal } = this.#gone;
    const aside: Aside = (wait) => this.#waitAside(message.length, wait);
    const ask: AnswerCall = (method, params) => this.#desk.answer({ method, params, signal, aside }, this.#visitor);
    const text = await answerRpc(message, ask).then(
      (answer) => answer.text,
      () => refusalAnswer({ code: "INTERNAL", message: "the answer cannot be told", status: 500 }),
    );
    if (text !== undefined && !signal.aborted) await this.#line.send(text);
  }
}
