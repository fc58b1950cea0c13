import { ToolError } from "../errors.ts";
import type { ToolChild, ToolContext } from "../tool.ts";
import { blockMs, droppedOf, isListening, tcpdumpFailure } from "./tcpdump.ts";
import { PacketCutter, type WholePackets } from "./whole-packets.ts";

/** Between two words on how far it is, milliseconds. */
const tellEveryMs = 2_000;
/** A timer of the kernel is late by less than that, milliseconds. */
const lateMs = 100;

/**
 * How long a capture that was to end at `endedAt` must wait for packets that had come by then, if no later one comes and says that
 * it has them all. All are milliseconds of one clock.
 *
 * The kernel's timer gives away a block that was begun before its last turn. One that was begun since, because the one before it
 * got full, which was heard of, has to wait for the turn after the next one.
 */
export function lingerMs(endedAt: number, heardAt: number | undefined, now: number): number {
  const full = heardAt === undefined ? 0 : heardAt + 2 * blockMs;
  return Math.max(0, Math.max(endedAt + blockMs, full) + lateMs - now);
}

/** What tcpdump writes, stored up to a limit or to the moment at which the unit was to end, and what is told of it. */
export class Recording {
  readonly #child: ToolChild;
  readonly #context: ToolContext;
  readonly #cutter: PacketCutter;
  #full: WholePackets["full"];
  #heardAt: number | undefined;
  #lingering: NodeJS.Timeout | undefined;

  constructor(child: ToolChild, context: ToolContext) {
    this.#child = child;
    this.#context = context;
    this.#cutter = new PacketCutter(context.budget);
  }

  /** To the end. @throws {ToolError} when tcpdump ended by itself. */
  async record(): Promise<void> {
    const { signal } = this.#context;
    const end = (): void => this.#endSoon();
    if (signal.aborted) end();
    signal.addEventListener("abort", end);
    const telling = setInterval(() => this.#tell(), tellEveryMs);
    try {
      // Also behind its end: tcpdump would die of a closed pipe, and not say how much it has lost.
      for await (const chunk of this.#child.stdout) this.#take(chunk);
      await this.#conclude();
    } finally {
      clearInterval(telling);
      clearTimeout(this.#lingering);
      signal.removeEventListener("abort", end);
    }
  }

  #take(chunk: Uint8Array): void {
    if (this.#full !== undefined) return;
    // How long ago it was heard counts up to the end only: what comes later is of before it.
    if (!this.#context.signal.aborted) this.#heardAt = performance.now();
    const cut = this.#cutter.take(chunk);
    if (cut.piece.length > 0) this.#context.bytes(cut.piece);
    this.#full = cut.full;
    if (this.#full !== undefined) this.#child.end();
  }

  #endSoon(): void {
    this.#cutter.endAt = Date.now();
    const now = performance.now();
    if (this.#cutter.bytes === 0) this.#child.end();
    else this.#lingering = setTimeout(() => this.#child.end(), lingerMs(now, this.#heardAt, now));
  }

  /** What is known by now; and asked for what is told next time. */
  #tell(): void {
    const { said } = this.#child;
    this.#context.progress(`${this.#counts()}, ${droppedOf(said) ?? 0} dropped by the kernel so far`);
    if (isListening(said)) this.#child.ask();
  }

  async #conclude(): Promise<void> {
    const { signal } = this.#context;
    const ended = await this.#child.ended;
    if (this.#full === undefined && !signal.aborted)
      throw tcpdumpFailure(ended, this.#cutter.packets, this.#context.interface);
    const what = `${this.#counts()}${lossText(droppedOf(ended.said), ended.signal)}`;
    this.#context.note(`${this.#endText()}${what}`);
  }

  #counts(): string {
    const { packets, bytes } = this.#cutter;
    return `${packets} ${packets === 1 ? "packet" : "packets"}, ${bytes} bytes`;
  }

  /** That it was cancelled is said in front of it. */
  #endText(): string {
    const { signal, budget } = this.#context;
    if (this.#full === "packets" || this.#full === "bytes") {
      const [most, of] = [budget[this.#full], this.#full];
      return `ended by its budget of ${most} ${most === 1 ? of.slice(0, -1) : of}: `;
    }
    const { reason } = signal;
    return reason instanceof ToolError && reason.code !== "CANCELED" ? `${reason.message}: ` : "";
  }
}

/** A capture that lacks packets, or may, says so. */
function lossText(dropped: number | undefined, signal: NodeJS.Signals | null): string {
  if (signal !== null || dropped === undefined) return ", and nobody knows how many the kernel dropped: incomplete";
  return dropped === 0 ? "" : `, ${dropped} dropped by the kernel: incomplete`;
}
