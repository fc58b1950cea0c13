import { type FileHandle, open } from "node:fs/promises";
import type { ControlSession, JsonObject } from "#control";
import { WorkError } from "../errors.ts";
import type { PendingVerification } from "../signature/facts.ts";
import { outputSize } from "../unit/output.ts";
import type { Unit } from "../unit/unit.ts";
import { UnitState } from "../wire.ts";
import { isSameOrder, isTokenOf, type OrderRequest, startLine } from "./order-wire.ts";
import { payloadDigest } from "./payload-file.ts";

/** What taking orders needs of the units of a node. */
export interface OrderedUnits {
  find(id: string): Unit | undefined;
  /** @throws {WorkError} `UNIT_ID_TAKEN`, and what refuses any submit; no unit remains then. */
  allocate(order: OrderRequest): Unit;
  start(unit: Unit): Promise<boolean>;
  release(unit: Unit): Promise<void>;
}

/** One connection that brings a unit's payload. */
interface Delivery {
  readonly stop: AbortController;
  readonly done: Promise<unknown>;
}

/**
 * Orders of other Farhand nodes: submits that may be given again and again, and start their unit once.
 *
 * A unit is found again by its id and proven by its token. Its payload may come in pieces over many connections. It starts
 * when the payload is whole, is what the order says, and its submitter has said the word.
 */
export class Orders {
  readonly #units: OrderedUnits;
  readonly #deliveries = new Map<string, Delivery>();

  constructor(units: OrderedUnits) {
    this.#units = units;
  }

  /** Hold the conversation of one order. @throws {WorkError} whatever is refused. */
  async take(order: OrderRequest, verification: PendingVerification, session: ControlSession): Promise<JsonObject> {
    const unit = this.#unitOf(order);
    const stop = new AbortController();
    const earlier = this.#deliveries.get(unit.id);
    const done = this.#afterwards(earlier).then(() => this.#deliver(unit, order, verification, session, stop.signal));
    const delivery = { stop, done: done.catch(() => undefined) };
    this.#deliveries.set(unit.id, delivery);
    try {
      return await done;
    } finally {
      if (this.#deliveries.get(unit.id) === delivery) this.#deliveries.delete(unit.id);
    }
  }

  /** Is somebody bringing the payload of this unit now? */
  isDelivering(unitId: string): boolean {
    return this.#deliveries.has(unitId);
  }

  /**
   * Take back an order of which nothing has started.
   *
   * @throws {WorkError} `UNIT_NOT_FOUND`, also for a wrong token; `REQUEST_INVALID` when it has started.
   */
  async withdraw(unitId: string, token: string): Promise<JsonObject> {
    const unit = this.#units.find(unitId);
    if (!unit || !isTokenOf(unit.status.Order, token)) {
      throw new WorkError("UNIT_NOT_FOUND", `unknown work unit ${unitId}`);
    }
    await this.#afterwards(this.#deliveries.get(unitId));
    if (isUnderWay(unit) && unit.status.Cause !== "INPUT_FAILED") {
      throw new WorkError("REQUEST_INVALID", `unit ${unitId} has started: release it`);
    }
    await this.#units.release(unit);
    return { released: unitId };
  }

  #unitOf(order: OrderRequest): Unit {
    const unit = this.#units.find(order.unitId);
    if (!unit) return this.#units.allocate(order);
    if (isSameOrder(unit.status, order)) return unit;
    throw new WorkError("UNIT_ID_TAKEN", `unit ID ${order.unitId} is taken`);
  }

  /** The submitter came by another way: what the earlier connection still brings is of no use. */
  async #afterwards(earlier: Delivery | undefined): Promise<void> {
    earlier?.stop.abort(new WorkError("PAYLOAD_FAILED", "the order came again over another connection"));
    await earlier?.done;
  }

  async #deliver(
    unit: Unit,
    order: OrderRequest,
    verification: PendingVerification,
    session: ControlSession,
    stop: AbortSignal,
  ): Promise<JsonObject> {
    const isUnder = isUnderWay(unit);
    const from = isUnder ? order.bytes : Math.min(outputSize(unit.folder.stdin), order.bytes);
    await session.writeLine(JSON.stringify({ unitid: unit.id, from }));
    await receive(unit, from, order.bytes, session, stop);
    if (!isUnder) await this.#check(unit, order);
    await verification.finish(order.sha256);
    const started = isUnder || (await this.#units.start(unit));
    return { result: started ? "Job Started" : "Job Submitted", unitid: unit.id };
  }

  async #check(unit: Unit, order: OrderRequest): Promise<void> {
    const { bytes, sha256 } = await payloadDigest(unit.folder.stdin);
    if (bytes === order.bytes && sha256 === order.sha256) return;
    const file = await open(unit.folder.stdin, "r+");
    await file.truncate(0).finally(() => file.close());
    throw new WorkError("PAYLOAD_MISMATCH", "the payload is not the one the order names: send it again");
  }
}

/** Its start was asked for. */
function isUnderWay({ status }: Unit): boolean {
  return status.State !== UnitState.Pending || status.Queued === true;
}

/** The rest of a payload and the word behind it. @throws {WorkError} `PAYLOAD_FAILED`; what came is kept. */
async function receive(
  unit: Unit,
  from: number,
  end: number,
  session: ControlSession,
  stop: AbortSignal,
): Promise<void> {
  let file: FileHandle | undefined;
  try {
    let at = from;
    let word = "";
    for await (const chunk of stoppable(session.payload(), stop)) {
      const bytes = chunk.subarray(0, Math.max(0, end - at));
      if (bytes.length > 0) await writeAt((file ??= await open(unit.folder.stdin, "r+")), bytes, at);
      at += bytes.length;
      word += Buffer.from(chunk.subarray(bytes.length, bytes.length + startLine.length)).toString("latin1");
      if (word.startsWith(startLine)) return;
      if (word.length >= startLine.length) break;
    }
    throw new WorkError("PAYLOAD_FAILED", `the payload broke off at byte ${at} of ${end}`);
  } finally {
    await file?.close();
  }
}

async function writeAt(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

/** What comes until it is stopped, which also works while nothing comes. */
async function* stoppable(source: AsyncIterable<Uint8Array>, stop: AbortSignal): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  let fail = (): void => undefined;
  const stopped = new Promise<never>((_, reject) => {
    fail = () => reject(stop.reason as Error);
    stop.addEventListener("abort", fail, { once: true });
  });
  stopped.catch(() => undefined);
  stop.throwIfAborted();
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), stopped]);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    stop.removeEventListener("abort", fail);
  }
}
