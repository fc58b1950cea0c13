import { MonitorError } from "../errors.ts";
import { errorCommand, pongCommand, readCommand, readyCommand } from "./commands.ts";
import { FrameReader } from "./frame-reader.ts";
import { greeting, greetingBytes, readGreeting } from "./greeting.ts";
import { keptParts, ZmtpMessage } from "./message.ts";
import { readWholeMessage } from "./whole-message.ts";

/** What one sender may put on us. */
export interface ZmtpLimits {
  readonly frameBytes: number;
  /** Of all frames of a message together. */
  readonly messageBytes: number;
}

const nothing = Buffer.alloc(0);

/** Takes a message, without an identity before it. It must not throw, nor keep what it is given. */
export type TakeMessage = (message: ZmtpMessage) => void;

/** What a chunk of bytes came to, beside messages. */
export interface Received {
  /** To be written to the peer. */
  readonly answer: readonly Buffer[];
  /** The peer has asked to be given up after so much silence. */
  readonly silenceMs?: number | undefined;
  /** It broke a rule or a limit: cut it off. */
  readonly fault?: MonitorError;
}

/**
 * One connection of a ZMTP 3 ROUTER with the NULL mechanism, without any I/O: bytes in, messages and answers out.
 *
 * Source: RFC 37/ZMTP 3.1; ReCodEx specification §5 and §6.
 */
export class ZmtpPeer {
  readonly #identity: string;
  readonly #limits: ZmtpLimits;
  readonly #frames: FrameReader;
  #greeting: Buffer | undefined = nothing;
  #isReady = false;
  readonly #whole = new ZmtpMessage();
  /** Longest frame that needs no look at the limits: so many of them as are kept stay within those of a message. */
  readonly #shortFrame: number;
  /** Parts of a message that has begun. */
  #message: Buffer[] = [];
  /** Parts of it that are copies already. */
  #copied = 0;
  #messageBytes = 0;

  constructor(identity: string, limits: ZmtpLimits) {
    this.#identity = identity;
    this.#limits = limits;
    this.#frames = new FrameReader(limits.frameBytes);
    this.#shortFrame = Math.min(limits.frameBytes, Math.floor(limits.messageBytes / keptParts));
  }

  /** What is said before anything came. */
  readonly opening: Buffer = greeting;

  /** Both sides have said what they are. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Take what came. It never throws for what a peer sends; after a fault it is not to be asked again. */
  receive(chunk: Buffer, take: TakeMessage): Received {
    const answer: Buffer[] = [];
    try {
      const bytes = this.#greeting ? this.#greet(chunk, answer) : chunk;
      const silenceMs = this.#read(bytes, answer, take);
      this.#keepParts();
      this.#whole.begin(nothing);
      return { answer, silenceMs };
    } catch (error) {
      if (!(error instanceof MonitorError)) throw error;
      return { answer, fault: error };
    }
  }

  #read(bytes: Buffer, answer: Buffer[], take: TakeMessage): number | undefined {
    let silenceMs: number | undefined;
    for (let at = 0; at < bytes.length; ) {
      const whole = this.#isBetween ? readWholeMessage(bytes, at, this.#shortFrame, this.#whole) : at;
      if (whole > at) {
        take(this.#whole);
        at = whole;
        continue;
      }
      const { frame, end } = this.#frames.take(bytes, at);
      at = end;
      if (frame?.isCommand) silenceMs = this.#command(frame.body, answer) ?? silenceMs;
      else if (frame) this.#part(frame.body, frame.hasMore, take);
    }
    return silenceMs;
  }

  /** A message may begin here. */
  get #isBetween(): boolean {
    return this.#isReady && this.#messageBytes === 0 && this.#message.length === 0 && this.#frames.isBetween;
  }

  /** What to say to a peer that is cut off, if it would understand. */
  farewell(reason: string): Buffer | undefined {
    return this.#greeting || this.#isReady ? undefined : errorCommand(reason);
  }

  /** Gives what comes behind the greeting. */
  #greet(chunk: Buffer, answer: Buffer[]): Buffer {
    const bytes = Buffer.concat([this.#greeting ?? nothing, chunk]);
    if (!readGreeting(bytes)) {
      this.#greeting = bytes;
      return nothing;
    }
    this.#greeting = undefined;
    answer.push(readyCommand(this.#identity));
    return bytes.subarray(greetingBytes);
  }

  #command(body: Buffer, answer: Buffer[]): number | undefined {
    const command = readCommand(body);
    if (command.kind === "error") throw new MonitorError("ZMTP_REFUSED", `it ended with an error: ${command.reason}`);
    if (!this.#isReady) {
      if (command.kind !== "ready") throw new MonitorError("ZMTP_REFUSED", "its first command is not READY");
      if (command.socketType !== "ROUTER" && command.socketType !== "DEALER")
        throw new MonitorError(
          "ZMTP_REFUSED",
          `its socket is ${JSON.stringify(command.socketType)}: no ROUTER or DEALER`,
        );
      this.#isReady = true;
    }
    if (command.kind !== "ping") return undefined;
    answer.push(pongCommand(command.context));
    return command.ttlMs;
  }

  #part(body: Buffer, hasMore: boolean, take: TakeMessage): void {
    if (!this.#isReady) throw new MonitorError("ZMTP_REFUSED", "it sends before it said READY");
    this.#messageBytes += body.length;
    if (this.#messageBytes > this.#limits.messageBytes)
      throw new MonitorError("ZMTP_REFUSED", `its message has more than ${this.#limits.messageBytes} bytes`);
    if (this.#message.length < keptParts) this.#message.push(body);
    if (hasMore) return;
    this.#whole.assemble(this.#message);
    take(this.#whole);
    this.#message = [];
    this.#copied = 0;
    this.#messageBytes = 0;
  }

  /** What waits for the rest of its message must not hold the memory of a whole chunk. */
  #keepParts(): void {
    for (; this.#copied < this.#message.length; this.#copied++)
      this.#message[this.#copied] = Buffer.from(this.#message[this.#copied] ?? nothing);
  }
}
