import { Duplex } from "node:stream";
import { MeshError } from "../../errors.ts";
import type { MeshStream } from "../stream.ts";
import { Backlog } from "./backlog.ts";
import type { Frame, Priority } from "./frames.ts";
import { Outgoing } from "./outgoing.ts";
import { errorOf, normalClose, type Reason, reasonOf } from "./reasons.ts";
import type { ReceiveWindow } from "./receive-window.ts";
import type { TurnTaker } from "./turns.ts";

/** What a stream needs of its link. */
export interface StreamLink {
  /** Longest payload of a data frame. */
  readonly chunkBytes: number;
  /** From the last read to the error of a writer whose far end closed in order, milliseconds. */
  readonly farewellMs: number;
  /** Send anything but data, now. */
  send(frame: Frame): void;
  /** Send data; it was this stream's turn. */
  sendData(frame: Uint8Array): void;
  /** The stream can send data. */
  ready(stream: TurnTaker): void;
  /** A stream that was forgotten waits all the same, and hears when the link is gone, until it is forgotten again. */
  leave(stream: DirectStream): void;
  /** Nothing crosses any more: both directions are over. */
  forget(stream: DirectStream): void;
}

/** A stream as both sides agreed on it. */
export interface StreamTerms {
  readonly id: number;
  readonly priority: Priority;
  readonly remoteNode: string;
  readonly remoteService: string;
  /** What the far end may send. */
  readonly window: ReceiveWindow;
  /** What we may send. */
  readonly credit: number;
}

/** Taken from the user at once, so that he need not wait for every chunk. */
const writeAheadBytes = 128 * 1024;
/** More than this nobody needs to be allowed to send. */
const mostCredit = 2 ** 40;

const ignore = (): void => {};

/** One stream of a link. Node's own buffer holds one piece at most; the rest waits in the backlog. */
export class DirectStream extends Duplex implements MeshStream, TurnTaker {
  readonly id: number;
  readonly priority: Priority;
  readonly remoteNode: string;
  readonly remoteService: string;
  readonly #link: StreamLink;
  readonly #window: ReceiveWindow;
  readonly #backlog = new Backlog();
  readonly #outgoing = new Outgoing();
  #credit: number;
  /** Node asked for bytes and did not get them yet. */
  #wanting = false;
  /** Node was told that no more come. */
  #ended = false;
  #finSent = false;
  #finReceived = false;
  /** Nothing crosses any more: the link has forgotten the stream. */
  #detached = false;
  /** Nothing can be written any more although nothing broke. */
  #closedByFarEnd = false;
  /** Somebody wants to write all the same, and hears of it when this fires. */
  #farewell: NodeJS.Timeout | undefined;

  constructor(link: StreamLink, terms: StreamTerms) {
    super({ readableHighWaterMark: 1, writableHighWaterMark: writeAheadBytes });
    this.id = terms.id;
    this.priority = terms.priority;
    this.remoteNode = terms.remoteNode;
    this.remoteService = terms.remoteService;
    this.#link = link;
    this.#window = terms.window;
    this.#credit = terms.credit;
    // What nobody listens for must not end the process: the far end can break a stream whenever it likes.
    this.on("error", ignore);
  }

  /** Until whoever waits for the stream has it in hand, it neither breaks nor closes: he would never hear of it. */
  override _construct(done: () => void): void {
    setImmediate(done);
  }

  /** @throws {MeshError} `PACKET_INVALID` when the far end sent more than it may. */
  receive(payload: Uint8Array): void {
    if (this.#finReceived || !this.#window.received(payload.length))
      throw new MeshError("PACKET_INVALID", `stream ${this.id} carries data that was not granted`);
    if (this.#wanting && this.readableFlowing === true && this.#backlog.isEmpty) return this.#give(payload);
    this.#backlog.add(payload);
    if (this.#wanting) this._read();
  }

  /** The far end may take more. @throws {MeshError} `PACKET_INVALID` for a grant beyond all sense. */
  grant(credit: number): void {
    this.#credit += credit;
    if (this.#credit > mostCredit) throw new MeshError("PACKET_INVALID", `stream ${this.id} is granted too much`);
    if (this.#outgoing.bytes > 0) this.#link.ready(this);
  }

  /** The far end will send no more. @throws {MeshError} `PACKET_INVALID` when it said so before. */
  receiveFin(): void {
    if (this.#finReceived) throw new MeshError("PACKET_INVALID", `stream ${this.id} ends twice`);
    this.#finReceived = true;
    if (this.#finSent) this.#detach();
    this.#endWhenRead();
  }

  /** The far end broke off, or closed in order: then what came before can still be read. */
  receiveReset(reason: Reason): void {
    this.#detach();
    if (reason.code !== normalClose) {
      this.destroy(errorOf(reason));
      return;
    }
    this.#closedByFarEnd = true;
    this.#finReceived = true;
    this.#endWhenRead();
    if (this.#outgoing.bytes > 0) this.#failWriterLater();
  }

  /** The link is gone. */
  lose(error: MeshError): void {
    this.#detach();
    this.destroy(error);
  }

  /** One frame, and the user's next write when this was the last of one. */
  sendNext(): boolean {
    const length = Math.min(this.#link.chunkBytes, this.#credit, this.#outgoing.bytes);
    if (length === 0 || this.#detached) return false;
    this.#credit -= length;
    this.#link.sendData(this.#outgoing.takeFrame(this.id, length));
    if (this.#outgoing.bytes === 0) this.#outgoing.finish();
    return this.#outgoing.bytes > 0 && this.#credit > 0;
  }

  /** Whoever reads what came before the far end's close is given the time for it. */
  override read(size?: number): Buffer | null {
    const bytes = super.read(size) as Buffer | null;
    if (bytes !== null) this.#farewell?.refresh();
    return bytes;
  }

  override _read(): void {
    this.#wanting = true;
    while (this.#wanting) {
      const piece = this.#backlog.take();
      if (piece === undefined) break;
      this.#give(piece);
    }
    this.#endWhenRead();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send([chunk], done);
  }

  override _writev(writes: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#send(
      writes.map(({ chunk }) => chunk),
      done,
    );
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.#detached) {
      this.#finSent = true;
      this.#link.send({ kind: "fin", id: this.id });
      if (this.#finReceived) this.#detach();
    }
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#detached) {
      const reason = error ? reasonOf(error) : { code: normalClose, text: "" };
      this.#link.send({ kind: "reset", id: this.id, ...reason });
      this.#detach();
    }
    clearTimeout(this.#farewell);
    this.#link.forget(this);
    this.#window.close();
    this.#backlog.clear();
    this.#outgoing.finish(error ?? new MeshError("STREAM_REFUSED", "the stream was closed before all was written"));
    done(error);
  }

  #send(chunks: readonly Buffer[], done: (error?: Error | null) => void): void {
    this.#outgoing.put(chunks, done);
    if (this.#outgoing.bytes === 0) this.#outgoing.finish();
    else if (this.#closedByFarEnd) this.#failWriterLater();
    else if (this.#credit > 0) this.#link.ready(this);
  }

  /** A write that fails destroys the stream, so what came before is read first, unless nobody reads. */
  #failWriterLater(): void {
    const fail = (): void => void this.destroy(this.#farEndClosed());
    if (this.readableEnded) return fail();
    this.once("end", fail);
    this.#farewell = setTimeout(fail, this.#link.farewellMs);
    this.#link.leave(this);
    // Where nothing is left to read, nobody need be reading.
    if (this.#ended && this.readableLength === 0) this.read(0);
  }

  #farEndClosed(): MeshError {
    const { remoteNode, remoteService } = this;
    const to = remoteService === "" ? remoteNode : `${remoteNode}:${remoteService}`;
    return new MeshError("STREAM_LOST", `${to} closed the stream`);
  }

  #give(piece: Uint8Array): void {
    this.#wanting = this.push(piece);
    const credit = this.#finReceived ? 0 : this.#window.read(piece.length, this.#backlog.isEmpty);
    if (credit > 0 && !this.#detached) this.#link.send({ kind: "window", id: this.id, credit });
  }

  #endWhenRead(): void {
    if (!this.#finReceived || this.#ended || !this.#backlog.isEmpty) return;
    this.#ended = true;
    this.push(null);
  }

  #detach(): void {
    if (this.#detached) return;
    this.#detached = true;
    this.#link.forget(this);
  }
}
