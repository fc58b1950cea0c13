import type { IncomingMessage, ServerResponse } from "node:http";
import { MeshError } from "../../errors.ts";
import { type Batch, decodeBatch, encodeBatch, maxBatchBytes } from "../numbered/batch.ts";
import { NumberedSession } from "../numbered/session.ts";
import { answer } from "./answer.ts";
import { readBody } from "./body.ts";
import { HeldPoll } from "./held-poll.ts";
import { batchType } from "./protocol.ts";

/** Bodies read at once for one session: a retried one, beside the one that hangs in a proxy which is gone. */
const maxUploads = 2;

/** A session as its listener holds it. */
export class ServedSession {
  readonly session: NumberedSession;
  readonly #poll: HeldPoll;
  #lastPoll = 0;
  #uploads = 0;
  #willLook = false;

  constructor(description: string, provenNodeIds: readonly string[] | undefined) {
    this.session = new NumberedSession({ description, provenNodeIds, changed: () => this.#lookSoon() });
    this.#poll = new HeldPoll(this.session);
  }

  /** Hold a poll, or answer it at once. */
  poll(number: number, ack: number, holdMs: number, response: ServerResponse): void {
    // A late copy of a poll that was given up: what it would take is lost.
    if (number < this.#lastPoll) return answer(response, 409);
    this.#lastPoll = number;
    try {
      this.session.acknowledge(ack);
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      this.session.end(error);
      return answer(response, 400);
    }
    // Whoever polls has no answer under way that would still be read.
    this.session.rewind();
    this.#poll.hold(response, holdMs);
  }

  /** Take a batch in, and say what has been received. */
  async upload(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#uploads >= maxUploads) return answer(response, 429);
    this.#uploads++;
    try {
      const body = await readBody(request, maxBatchBytes);
      if (body === undefined) return answer(response, 413);
      const batch = parse(body);
      if (batch === undefined) return answer(response, 400);
      this.session.receive(batch);
      answer(response, 200, batchType, encodeBatch(this.session.acknowledgement()));
    } finally {
      this.#uploads--;
    }
  }

  /** Several messages of one turn go out together. */
  #lookSoon(): void {
    if (this.#willLook) return;
    this.#willLook = true;
    setImmediate(() => {
      this.#willLook = false;
      this.#poll.look();
    });
  }
}

function parse(body: Buffer): Batch | undefined {
  try {
    return decodeBatch(body);
  } catch (error) {
    if (error instanceof MeshError) return undefined;
    throw error;
  }
}
