import type { Place } from "../journal/journal.ts";
import { Extents } from "./extents.ts";
import { FrameList, type FrameRun } from "./frame-list.ts";

/** Somebody who gets the messages of a channel. Called before the next turn; must not throw. */
export interface ChannelReader {
  /** Run `n` has been added, these are its frames. */
  added(n: number, frames: Buffer): void;
  /** The last message is there. */
  ended(): void;
  /** The channel is given up, with all its messages. */
  dropped(reason: string): void;
}

/** How a channel stands. `settling`: what came last may have been the last word (a `FAILED` nothing follows on). */
export type ChannelState =
  | { readonly kind: "open" }
  | { readonly kind: "settling"; readonly endsAt: number }
  | { readonly kind: "ended" };

/** An ordered, replayable list of messages. Positions count from 0. */
export class Channel {
  readonly id: string;
  readonly extents = new Extents();
  readonly readers = new Set<ChannelReader>();
  readonly pending = new FrameList();
  /** Of its last message, or since when it is waited for, milliseconds of the clock that never goes back. */
  touchedAt: number;
  state: ChannelState = { kind: "open" };
  /** Everything up to the last message can be read. */
  isShownEnded = false;
  /** Messages that are not readable yet included. */
  taken = 0;
  /** Of its frames, those that are not readable yet included. */
  takenBytes = 0;
  /** It has been said that it is full. */
  isFull = false;

  constructor(id: string, now: number) {
    this.id = id;
    this.touchedAt = now;
  }

  /** A message, behind all others, which is readable once it is stored. */
  take(frame: Buffer): void {
    this.pending.add(frame);
    this.taken++;
    this.takenBytes += frame.length;
  }

  /** A run of messages can be read from now on. */
  show(run: FrameRun, place: Place): void {
    const n = this.extents.count;
    this.extents.add(this.extents.end, run.count, run.bytes.length, place);
    for (const reader of this.readers) reader.added(n, run.bytes);
  }

  /** After the last one. */
  showEnd(): void {
    if (this.isShownEnded || this.state.kind !== "ended" || !this.pending.isEmpty) return;
    this.isShownEnded = true;
    for (const reader of this.readers) reader.ended();
  }

  /** A run of messages of an earlier process. */
  restore(from: number, count: number, length: number, place: Place): void {
    this.extents.add(from, count, length, place);
    this.taken = from + count;
    this.takenBytes += length;
  }

  get isEmpty(): boolean {
    return this.taken === 0;
  }
}
