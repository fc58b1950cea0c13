import { Duplex } from "node:stream";
import { MeshError } from "../../errors.ts";
import type { MeshStream } from "../stream.ts";

/** What waits to be read before the writer is held back, bytes; as with streams to other nodes. */
const bufferBytes = 256 * 1024;
/** A writer whose far end is closed hears of it so long after the last read: what came before can still be read. */
const usualFarewellMs = 5_000;

/** The place a stream leads to, seen from one of its ends. */
interface Place {
  readonly remoteNode: string;
  readonly remoteService: string;
  /** A far end that is closed before its end has ended all the same; as with QUIC, for the dialer only (spec §4.4). */
  readonly isCloseAnEnd: boolean;
  readonly farewellMs: number;
}

/** Both ends of a stream within this process. */
export interface LocalPair {
  readonly dialer: LocalStream;
  readonly listener: LocalStream;
}

/**
 * @param dialerService what the listener is told the dialer's service is.
 * @param farewellMs from the last read to the error of a writer whose far end is closed, milliseconds.
 */
export function localPair(
  node: string,
  service: string,
  dialerService: string,
  farewellMs = usualFarewellMs,
): LocalPair {
  const both = { remoteNode: node, farewellMs };
  const dialer = new LocalStream({ ...both, remoteService: service, isCloseAnEnd: true });
  const listener = new LocalStream({ ...both, remoteService: dialerService, isCloseAnEnd: false });
  dialer.join(listener);
  listener.join(dialer);
  return { dialer, listener };
}

/**
 * One end of a stream that does not leave the process. It ends, breaks and holds back as a stream to another node does;
 * and the far end hears of everything in a turn of its own, so that two that answer each other do not call themselves.
 */
export class LocalStream extends Duplex implements MeshStream {
  readonly remoteNode: string;
  readonly remoteService: string;
  readonly #isCloseAnEnd: boolean;
  readonly #farewellMs: number;
  #far!: LocalStream;
  /** Somebody wants to read. */
  #wanted = false;
  /** The far end's writer, which waits until something is read. */
  #heldBack: (() => void) | undefined;
  /** Our own writer, whose bytes nobody will take any more. */
  #unheard: ((error?: Error) => void) | undefined;
  #isAlone = false;
  #farewell: NodeJS.Timeout | undefined;

  constructor({ remoteNode, remoteService, isCloseAnEnd, farewellMs }: Place) {
    super({ highWaterMark: bufferBytes, allowHalfOpen: true });
    this.remoteNode = remoteNode;
    this.remoteService = remoteService;
    this.#isCloseAnEnd = isCloseAnEnd;
    this.#farewellMs = farewellMs;
    // Whoever uses the stream hears of its end. A stream that nobody uses just then must not take the process along.
    this.on("error", () => {});
  }

  /** To be called once, before anything else. */
  join(far: LocalStream): void {
    this.#far = far;
  }

  /** Whoever reads what came before the far end's close is given the time for it. */
  override read(size?: number): Buffer | null {
    const bytes = super.read(size) as Buffer | null;
    if (bytes !== null) this.#farewell?.refresh();
    return bytes;
  }

  override _read(): void {
    this.#wanted = true;
    const goOn = this.#heldBack;
    this.#heldBack = undefined;
    goOn?.();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error) => void): void {
    if (this.#isAlone) return this.#failLater(done);
    // The writer may use its memory again for something else.
    const copy = Buffer.from(chunk);
    this.#unheard = done;
    const far = this.#far;
    setImmediate(() => {
      if (this.#unheard !== done || this.#isAlone) return;
      far.#take(copy, () => {
        if (this.#unheard !== done) return;
        this.#unheard = undefined;
        done();
      });
    });
  }

  override _final(done: () => void): void {
    const far = this.#far;
    setImmediate(() => {
      far.#hearEnd();
      done();
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#farewell);
    const far = this.#far;
    const isWhole = this.writableFinished;
    setImmediate(() => far.#hearClose(error, isWhole));
    this.#unheard?.(error ?? this.#lost("was destroyed"));
    this.#unheard = undefined;
    done(error);
  }

  #take(bytes: Buffer, taken: () => void): void {
    // Nobody reads any more: it is dropped, as TCP would do.
    if (this.destroyed || this.readableEnded) return taken();
    this.#wanted = this.push(bytes);
    if (this.#wanted) taken();
    else this.#heldBack = taken;
  }

  #hearEnd(): void {
    if (this.destroyed || this.#isAlone) return;
    this.push(null);
    // When nothing is left to read, nobody would ask, and the end not be told.
    this.read(0);
  }

  /** The far end is closed; `isWhole`: behind everything it had to say. */
  #hearClose(error: Error | null, isWhole: boolean): void {
    if (this.destroyed || this.#isAlone) return;
    if (!isWhole && error) this.destroy(this.#lost("was broken off by its far end"));
    else if (!isWhole && !this.#isCloseAnEnd) this.destroy(this.#lost("was closed before its end"));
    else {
      if (!isWhole) this.#hearEnd();
      this.#beAlone();
    }
  }

  /** What came before is still there to be read, and then all is over. */
  #beAlone(): void {
    this.#isAlone = true;
    if (this.readableEnded) return this.#over();
    this.once("end", () => this.#over());
    const waiting = this.#unheard;
    if (waiting) this.#failLater(waiting);
  }

  #failLater(done: (error?: Error) => void): void {
    this.#unheard = done;
    clearTimeout(this.#farewell);
    this.#farewell = setTimeout(() => this.#over(), this.readableEnded ? 0 : this.#farewellMs);
  }

  #over(): void {
    this.destroy(this.#unheard ? this.#lost("was closed by its far end") : undefined);
  }

  #lost(how: string): MeshError {
    return new MeshError("STREAM_LOST", `the stream to ${this.remoteNode}:${this.remoteService} ${how}`);
  }
}
