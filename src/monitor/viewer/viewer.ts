import type { Duplex } from "node:stream";
import type { Channel, ChannelReader } from "../channel/channel.ts";
import { skipFrames } from "../channel/text-frame.ts";
import { closeCodes, closeWaitMs, slowWaitMs } from "./close-codes.ts";
import type { WebSocket } from "./ws.ts";

/** Reads the frames of a run of messages: at once when they are in memory. */
export type ReadRun = (
  place: { readonly segment: number; readonly offset: number },
  length: number,
) => Buffer | Promise<Buffer>;

export interface ViewerRules {
  /** Bytes that wait in a viewer's socket before it gets more. */
  readonly socketBytes: number;
  /** Bytes that came since it is there and that it has not taken. One that lags further behind is cut off. */
  readonly mostLagBytes: number;
}

/** What viewers were given, all together. */
export interface Delivered {
  messages: number;
  slow: number;
}

/**
 * One viewer of one channel. It has no queue: it knows which run of messages comes next, and takes that when its socket has
 * room. So a slow one costs no memory, and what it has not read is where everything is.
 *
 * What it gets are whole frames as they stand in the channel, written to the socket that ws was given: between them ws writes
 * its own pings and closes, which are whole frames too (docs/decisions/0018-a-monitor-of-our-own.md).
 */
export class Viewer implements ChannelReader {
  readonly webSocket: WebSocket;
  readonly #socket: Duplex;
  readonly #channel: Channel;
  readonly #read: ReadRun;
  readonly #rules: ViewerRules;
  readonly #delivered: Delivered;
  /** The run that comes next, and how many of its messages it has or does not want. */
  #next: number;
  #skip: number;
  readonly #joinedAt: number;
  #isReading = false;
  #isClosing = false;

  constructor(
    link: { readonly webSocket: WebSocket; readonly socket: Duplex },
    channel: Channel,
    from: number,
    { read, rules, delivered }: { readonly read: ReadRun; readonly rules: ViewerRules; readonly delivered: Delivered },
  ) {
    this.webSocket = link.webSocket;
    this.#socket = link.socket;
    this.#channel = channel;
    this.#read = read;
    this.#rules = rules;
    this.#delivered = delivered;
    this.#next = channel.extents.find(from);
    this.#skip = Math.max(0, from - channel.extents.positionOf(this.#next));
    // What has been taken and cannot be read yet came before it too.
    this.#joinedAt = channel.takenBytes;
  }

  /** From now on it gets what there is, and what comes. */
  start(): void {
    this.#channel.readers.add(this);
    this.#socket.on("drain", () => void this.#pump());
    void this.#pump();
  }

  /** It has gone. */
  stop(): void {
    this.#isClosing = true;
    this.#channel.readers.delete(this);
  }

  added(n: number, frames: Buffer): void {
    if (this.#isClosing) return;
    if (n === this.#next && !this.#isReading && this.#hasRoom()) return this.#give(frames);
    const { extents } = this.#channel;
    const lag = extents.bytes - Math.max(extents.bytesBefore(this.#next), this.#joinedAt);
    if (lag > this.#rules.mostLagBytes) this.#cut();
  }

  ended(): void {
    void this.#pump();
  }

  dropped(reason: string): void {
    this.close(closeCodes.dropped, `the channel was given up: ${reason}`);
  }

  /** Say good-bye. Who does not answer is cut off after a while. */
  close(code: number, reason: string, waitMs = closeWaitMs): void {
    if (this.#isClosing) return;
    this.stop();
    closeSoon(this.webSocket, code, reason, waitMs);
  }

  #hasRoom(): boolean {
    return this.#socket.writableLength < this.#rules.socketBytes;
  }

  #give(frames: Buffer): void {
    const { extents } = this.#channel;
    const first = extents.positionOf(this.#next) + this.#skip;
    const at = this.#skip > 0 ? (skipFrames(frames, this.#skip) ?? frames.length) : 0;
    this.#next++;
    this.#skip = 0;
    this.#delivered.messages += Math.max(0, extents.positionOf(this.#next) - first);
    if (at < frames.length) this.#socket.write(at === 0 ? frames : frames.subarray(at));
  }

  /** Give what there is, as long as there is room. */
  async #pump(): Promise<void> {
    if (this.#isReading) return;
    while (!this.#isClosing && this.#hasRoom()) {
      if (this.#next >= this.#channel.extents.count) {
        if (this.#channel.isShownEnded) this.close(closeCodes.ended, "");
        return;
      }
      const extent = this.#channel.extents.at(this.#next);
      const frames = this.#read(extent, extent.length);
      if (Buffer.isBuffer(frames)) this.#give(frames);
      else await this.#giveLater(frames, extent.segment);
    }
  }

  async #giveLater(reading: Promise<Buffer>, segment: number): Promise<void> {
    this.#isReading = true;
    try {
      const frames = await reading;
      if (!this.#isClosing) this.#give(frames);
    } catch {
      // It was moved while it was read; then it is read again.
      if (this.#channel.extents.at(this.#next).segment === segment)
        this.close(closeCodes.unreadable, "messages of the channel cannot be read");
    } finally {
      this.#isReading = false;
    }
  }

  #cut(): void {
    this.#delivered.slow++;
    const position = this.#channel.extents.positionOf(this.#next) + this.#skip;
    this.close(closeCodes.slow, `too slow: resume from ${position}`, slowWaitMs);
  }
}

/** Close in order, and by force when that is not answered. */
export function closeSoon(webSocket: WebSocket, code: number, reason: string, waitMs = closeWaitMs): void {
  if (webSocket.readyState >= webSocket.CLOSING) return;
  // At most 123 bytes (RFC 6455 §5.5).
  webSocket.close(code, reason.replace(/[^ -~]/g, "?").slice(0, 123));
  const limit = setTimeout(() => webSocket.terminate(), waitMs);
  webSocket.once("close", () => clearTimeout(limit));
}
