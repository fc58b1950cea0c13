import type { ServerResponse } from "node:http";
import { encodeBatch, maxBatchBytes } from "../numbered/batch.ts";
import type { NumberedSession } from "../numbered/session.ts";
import { answer } from "./answer.ts";
import { batchType } from "./protocol.ts";

/** The one poll of a session that is held until there is something to say. */
export class HeldPoll {
  readonly #session: NumberedSession;
  #response: ServerResponse | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(session: NumberedSession) {
    this.#session = session;
  }

  /** Hold this one, and let go of the one before: its asker has given it up. */
  hold(response: ServerResponse, holdMs: number): void {
    this.release(409);
    this.#response = response;
    this.#timer = setTimeout(() => this.#speak(), holdMs);
    response.once("close", () => this.#forget(response));
    this.look();
  }

  /** Answer now if there is something to say. */
  look(): void {
    const { hasUnsent, owesAck, isOver } = this.#session;
    if (hasUnsent || owesAck) this.#speak();
    else if (isOver) this.release(410);
  }

  /** Answer with nothing but a status. */
  release(status: number): void {
    const response = this.#response;
    if (!response) return;
    this.#forget(response);
    answer(response, status);
  }

  #speak(): void {
    const response = this.#response;
    if (!response) return;
    this.#forget(response);
    const batch = this.#session.take(maxBatchBytes);
    if (batch.isLast) response.once("finish", () => this.#session.end());
    answer(response, 200, batchType, encodeBatch(batch));
  }

  #forget(response: ServerResponse): void {
    if (this.#response !== response) return;
    this.#response = undefined;
    clearTimeout(this.#timer);
  }
}
