import { Duplex } from "node:stream";
import { MeshError } from "../../errors.ts";
import type { MeshStream } from "../stream.ts";
import type { ConnectionDriver } from "./connection-driver.ts";
import { QuicStreamEnded } from "./engine.ts";
import { MemorySlab } from "./memory-slab.ts";
import { SendHalf } from "./send-half.ts";
import { closeCodes, endingError, isNormalClose, type StreamEnding } from "./stream-endings.ts";

/** The one stream of a connection: the dialer's first bidirectional one (spec §4.3). */
export const onlyStream = 0;

/** Read in pieces of up to this, bytes. */
const pieceBytes = 64 * 1024;
/** What waits in either direction before the other side is held back, bytes. Behind it are the engine's windows. */
const bufferBytes = 256 * 1024;
/** Read so much, and the engine is asked whether the far end's window is to be opened further. A small part of that. */
const windowStepBytes = 32 * 1024;

/** Shared by all streams. */
const readSlab = new MemorySlab(4 * pieceBytes);

/** What a stream is, besides its connection. */
export interface QuicStreamPlace {
  readonly remoteNode: string;
  readonly remoteService: string;
  /** From our end of a finished stream to its close, milliseconds (see QuicLimits). */
  readonly lingerMs: number;
  /**
   * A far end that closes without having ended its stream still ended it: true for what we dialled (spec §4.4). Not for
   * what was dialled to us, where it may have been in the middle of a payload that must not be taken for whole.
   */
  readonly isCloseAnEnd: boolean;
}

/** A connection's stream, behind its hidden first byte. Its owner passes the driver's `progress` and `ended` on. */
export class QuicStream extends Duplex implements MeshStream {
  readonly remoteNode: string;
  readonly remoteService: string;
  readonly #driver: ConnectionDriver;
  readonly #lingerMs: number;
  readonly #isCloseAnEnd: boolean;
  readonly #sending: SendHalf;
  /** Somebody wants to read. While nobody does, flow control holds the far end back. */
  #wanted = false;
  /** The far end's end was read, or we told it to stop. */
  #received = false;
  /** Since the engine was last asked for window updates. */
  #readBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #leaving = false;

  constructor(driver: ConnectionDriver, { remoteNode, remoteService, lingerMs, isCloseAnEnd }: QuicStreamPlace) {
    super({ highWaterMark: bufferBytes, allowHalfOpen: true });
    this.remoteNode = remoteNode;
    this.remoteService = remoteService;
    this.#driver = driver;
    this.#lingerMs = lingerMs;
    this.#isCloseAnEnd = isCloseAnEnd;
    this.#sending = new SendHalf(driver.connection, onlyStream);
    // Whoever uses the stream hears of its end. A stream that nobody uses just then must not take the process along.
    this.on("error", () => {});
  }

  /** Bytes may have come, or room to send. */
  progress(): void {
    if (!this.destroyed) {
      this.#receive();
      this.#sending.turn();
    }
    this.#closeWhenDone();
  }

  /** The connection is over. */
  ended(ending: StreamEnding): void {
    clearTimeout(this.#timer);
    if (this.destroyed) return;
    if (!isNormalClose(ending)) {
      this.destroy(endingError(ending, this.#to));
      return;
    }
    // An ordinary end: what came before it is still there to be read, and then all is over.
    this.once("end", () => this.#over());
    this.#receive();
    if (this.readableEnded) this.#over();
    else if (this.#sending.isWaiting) this.#failWriterLater();
  }

  override read(size?: number): Buffer | null {
    const bytes = super.read(size) as Buffer | null;
    // Whoever still reads has his time, also for what stands in the buffer already.
    if (bytes !== null && this.#driver.ending) this.#timer?.refresh();
    return bytes;
  }

  override _read(): void {
    this.#wanted = true;
    this.#receive();
    // What was read opens the far end's window again, once it is much: a wake costs a datagram.
    if (this.#driver.ending || (this.#readBytes < windowStepBytes && !this.#received)) return;
    this.#readBytes = 0;
    this.#driver.wake();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error) => void): void {
    this.#write([chunk], done);
  }

  override _writev(chunks: { chunk: Uint8Array }[], done: (error?: Error) => void): void {
    this.#write(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  override _final(done: (error?: Error) => void): void {
    if (this.#driver.ending) {
      // Nobody is left to hear of our end.
      done();
      return;
    }
    this.#sending.end(done);
    this.#driver.wake();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#leaving) clearTimeout(this.#timer);
    if (!this.#driver.ending) this.#leave(error);
    this.#sending.fail(error ?? new MeshError("STREAM_LOST", `the stream to ${this.#to} was destroyed`));
    done(error);
  }

  get #to(): string {
    return `${this.remoteNode}:${this.remoteService}`;
  }

  /** Hand the reader what has come, as long as it wants more. */
  #receive(): void {
    const { connection } = this.#driver;
    try {
      while (this.#wanted && !this.#received && connection.streamReadable(onlyStream)) {
        const got = connection.streamReceive(onlyStream, readSlab.room(pieceBytes));
        if (!got) break;
        this.#readBytes += got[0];
        if (got[0] > 0) this.#wanted = this.push(readSlab.take(got[0]));
        if (got[1]) this.#endReading();
      }
    } catch (error) {
      if (!(error instanceof QuicStreamEnded)) throw error;
      this.#received = true;
      this.destroy(new MeshError("STREAM_LOST", `${this.#to} broke off the stream (code ${error.code})`));
    }
    if (this.#driver.ending && !this.#received && !connection.streamReadable(onlyStream)) this.#closedEarly();
  }

  #closedEarly(): void {
    if (this.#isCloseAnEnd) this.#endReading();
    else this.destroy(new MeshError("STREAM_LOST", `${this.#to} closed the stream before its end`));
  }

  #endReading(): void {
    this.#received = true;
    this.push(null);
    // When nothing is left to read, nobody would ask, and the end not be told.
    this.read(0);
  }

  #write(chunks: Uint8Array[], done: (error?: Error) => void): void {
    if (this.#driver.ending) {
      this.#sending.refuse(done);
      this.#failWriterLater();
    } else {
      this.#sending.write(chunks, done);
      this.#driver.wake();
    }
  }

  /** A writer must learn that nobody listens any more, but what is being read is not thrown away for it. */
  #failWriterLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#over(), this.#driver.limits.farewellMs);
  }

  /** The far end closed in order, and all of it was read, or nobody reads. */
  #over(): void {
    this.destroy(this.#sending.isWaiting ? this.#farEndClosed() : undefined);
  }

  #farEndClosed(): MeshError {
    return new MeshError("STREAM_LOST", `${this.#to} closed the stream`);
  }

  /** Nobody uses the stream any more. */
  #leave(error: Error | null): void {
    if (this.#leaving) return;
    const isWhole = this.#sending.finishedAt !== undefined;
    if (error && !isWhole) return this.#driver.breakOff();
    if (error || !isWhole) return this.#driver.close();
    if (!this.#received) {
      // All we had to say was written, and a close at once would take it back.
      this.#received = true;
      this.#driver.connection.streamStop(onlyStream, closeCodes.stopReading);
      this.#timer = setTimeout(() => this.#driver.close(), this.#driver.limits.farewellMs);
    }
    this.#driver.wake();
  }

  /** Close the connection once both ends have all of the stream, and had time to read it (spec §4.4). */
  #closeWhenDone(): void {
    const { finishedAt } = this.#sending;
    if (this.#leaving || !this.#received || finishedAt === undefined) return;
    if (!this.#driver.connection.streamDone(onlyStream)) return;
    this.#leaving = true;
    clearTimeout(this.#timer);
    const lingerMs = Math.max(0, finishedAt + this.#lingerMs - performance.now());
    this.#timer = setTimeout(() => this.#driver.close(), lingerMs);
  }
}
