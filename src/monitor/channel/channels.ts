import type { Clock, Log } from "#core";
import type { Journal } from "../journal/journal.ts";
import { Channel } from "./channel.ts";
import { type EndingRule, firstToGo, type RetentionRule, stateAfter, whyDropped } from "./endings.ts";
import { countsOf, type TakenCounts } from "./counts.ts";
import type { FrameRun } from "./frame-list.ts";
import { finishedFrame } from "./progress-text.ts";
import { countFrames } from "./text-frame.ts";

export interface ChannelRules extends EndingRule, RetentionRule {
  readonly mostChannels: number;
  /** Of frames of all channels together. */
  readonly mostBytes: number;
  /** Of frames of one channel. One that is full takes nothing more but its end. */
  readonly mostChannelBytes: number;
  /** Bytes that wait for the disk. Beyond that messages are refused: it is that, or the whole process. */
  readonly mostUnwritten: number;
  /** Bytes of the disk that nobody needs any more and that are put up with. */
  readonly mostDeadBytes: number;
}

/** All channels, and the way of a message: taken, stored, shown. */
export class Channels {
  readonly counts: TakenCounts = countsOf();
  readonly #journal: Journal;
  readonly #rules: ChannelRules;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #byId = new Map<string, Channel>();
  #changed = new Set<Channel>();
  #storing: Promise<void> | undefined;
  #isDiskFailing = false;
  /** Channels of which it was said that the disk takes nothing, since it last did. */
  readonly #toldOfDisk = new Set<Channel>();

  constructor(journal: Journal, rules: ChannelRules, clock: Clock, log: Log) {
    this.#journal = journal;
    this.#rules = rules;
    this.#clock = clock;
    this.#log = log;
  }

  get size(): number {
    return this.#byId.size;
  }

  get all(): Iterable<Channel> {
    return this.#byId.values();
  }

  get(id: string): Channel | undefined {
    return this.#byId.get(id);
  }

  /** The channel of an id, which begins now if there is none. */
  open(id: string): Channel {
    const known = this.#byId.get(id);
    if (known) return known;
    if (this.#byId.size >= 2 * this.#rules.mostChannels) this.sweep();
    const channel = new Channel(id, this.#clock.elapsed());
    this.#byId.set(id, channel);
    return channel;
  }

  /** A channel without a message and without a reader was only asked for. */
  forget(channel: Channel): void {
    if (!channel.isEmpty || channel.readers.size > 0) return;
    this.#byId.delete(channel.id);
    this.#toldOfDisk.delete(channel);
  }

  /** Take a message: it is stored with what else comes in this turn, then shown to the readers. Never throws. */
  take(id: string, command: string, frame: Buffer): void {
    const channel = this.open(id);
    if (channel.state.kind === "ended") {
      this.counts.late++;
      return;
    }
    if (command !== "FINISHED" && this.#refuses(channel, frame.length)) return;
    this.counts.taken++;
    channel.touchedAt = this.#clock.elapsed();
    channel.state = stateAfter(command, channel.touchedAt, this.#rules);
    channel.take(frame);
    this.#changed.add(channel);
    this.#storing ??= this.#storeSoon();
  }

  #refuses(channel: Channel, bytes: number): boolean {
    const isFull = channel.takenBytes + bytes > this.#rules.mostChannelBytes;
    if (!isFull && !this.#isDiskFailing) return false;
    if (!isFull && this.#journal.unwritten <= this.#rules.mostUnwritten) return false;
    this.counts.refused++;
    const isTold = isFull ? channel.isFull : this.#toldOfDisk.has(channel);
    if (!isTold)
      this.#log.error(
        `channel ${shown(channel.id)} takes no more messages: ${isFull ? "it is full" : "the disk takes nothing"}`,
      );
    if (isFull) channel.isFull = true;
    else this.#toldOfDisk.add(channel);
    return true;
  }

  /** Everything that was taken is stored and shown. */
  async settled(): Promise<void> {
    while (this.#storing) await this.#storing;
  }

  /** One write at a time; what comes meanwhile makes the next one. So the busier it is, the more goes in one. */
  async #storeSoon(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    do {
      const changed = this.#changed;
      this.#changed = new Set();
      await this.#store(changed);
    } while (this.#changed.size > 0);
    this.#storing = undefined;
  }

  async #store(changed: ReadonlySet<Channel>): Promise<void> {
    const time = this.#clock.now();
    const laid = [...changed].flatMap((channel) => {
      let from = channel.extents.end;
      return channel.pending.take().map((run) => {
        const { bytes: frames, count } = run;
        const place = this.#journal.append({ kind: "messages", id: channel.id, from, count, time, frames });
        from += count;
        return { channel, run, place };
      });
    });
    await this.#flush();
    for (const { channel, run, place } of laid) this.#show(channel, run, place);
    for (const channel of changed) if (this.#byId.get(channel.id) === channel) channel.showEnd();
  }

  /** What cannot be written stays in memory and is tried again: viewers get it all the same. */
  async #flush(): Promise<void> {
    try {
      await this.#journal.flush();
      if (this.#isDiskFailing) this.#log.info("the disk takes messages again");
      this.#isDiskFailing = false;
      this.#toldOfDisk.clear();
    } catch (error) {
      if (!this.#isDiskFailing)
        this.#log.error("messages cannot be stored, and would be lost if the monitor ended now", { error });
      this.#isDiskFailing = true;
    }
  }

  #show(channel: Channel, run: FrameRun, place: { segment: number; offset: number }): void {
    // It may have been dropped while it was written.
    if (this.#byId.get(channel.id) === channel) channel.show(run, place);
    else this.#journal.release(place.segment, run.bytes.length);
  }

  /** End channels that were left without their last word, and drop those that nobody needs. To be called every second or so. */
  sweep(): void {
    const now = this.#clock.elapsed();
    for (const channel of this.#byId.values()) {
      if (channel.state.kind === "settling" && channel.state.endsAt <= now) {
        this.#log.info(`channel ${shown(channel.id)} ended without FINISHED, which is said for it`);
        this.take(channel.id, "FINISHED", finishedFrame);
      }
      // Its first message was refused.
      this.forget(channel);
      const reason = channel.isEmpty ? undefined : whyDropped(channel, now, this.#rules);
      if (reason) this.drop(channel, reason);
    }
    this.#dropBeyondLimits();
    // That they were dropped is stored too.
    this.#storing ??= this.#storeSoon();
  }

  /** Give back disk that channels no longer need. To be called now and then, and not again before it has come back. */
  async tidy(): Promise<void> {
    const { live, total } = this.#journal.sizes;
    const { oldest } = this.#journal;
    // One that is still needed keeps all that came after it: it moves to the end once most of that is dead.
    if (oldest !== undefined && total > 2 * live + this.#rules.mostDeadBytes) await this.#moveOut(oldest);
    this.#storing ??= this.#storeSoon();
    await this.settled();
    if (!this.#isDiskFailing) await this.#journal.removeDead();
  }

  async #moveOut(segment: number): Promise<void> {
    const isThere = (channel: Channel, n: number): boolean =>
      this.#byId.get(channel.id) === channel && channel.extents.at(n).segment === segment;
    for (const channel of [...this.#byId.values()]) {
      const time = this.#clock.now() - (this.#clock.elapsed() - channel.touchedAt);
      for (let n = 0; n < channel.extents.count; n++) {
        if (!isThere(channel, n)) continue;
        const extent = channel.extents.at(n);
        const frames = await this.#journal.read(extent, extent.length);
        // It may have been dropped meanwhile.
        if (!isThere(channel, n)) continue;
        const count = countFrames(frames) ?? 0;
        const record = { kind: "messages", id: channel.id, from: extent.from, count, time, frames } as const;
        channel.extents.move(n, this.#journal.append(record));
        this.#journal.release(segment, extent.length);
      }
    }
  }

  #dropBeyondLimits(): void {
    let tooMany = this.#byId.size - this.#rules.mostChannels;
    let tooMuch = this.#journal.sizes.live - this.#rules.mostBytes;
    if (tooMany <= 0 && tooMuch <= 0) return;
    for (const channel of [...this.#byId.values()].sort(firstToGo)) {
      if (tooMany <= 0 && tooMuch <= 0) return;
      // A channel that is only asked for costs no more than its viewers.
      if (channel.isEmpty) continue;
      this.drop(channel, tooMany > 0 ? "there are too many channels" : "there is no room for it");
      tooMany--;
      tooMuch -= channel.extents.bytes;
    }
  }

  /** Give up a channel with all its messages. Who watches it is told; the next message with its id begins anew. */
  drop(channel: Channel, reason: string): void {
    this.#byId.delete(channel.id);
    // What it still had to store would come back as a channel after a restart.
    this.#changed.delete(channel);
    this.#toldOfDisk.delete(channel);
    this.counts.dropped++;
    this.#log.info(`channel ${shown(channel.id)} is dropped with its ${channel.taken} messages: ${reason}`);
    for (let n = 0; n < channel.extents.count; n++) {
      const { segment, length } = channel.extents.at(n);
      this.#journal.release(segment, length);
    }
    this.#journal.append({ kind: "dropped", id: channel.id, time: this.#clock.now() });
    for (const reader of channel.readers) reader.dropped(reason);
    channel.readers.clear();
  }

  /** A channel of an earlier process, as it was found. */
  restore(channel: Channel): void {
    this.#byId.set(channel.id, channel);
  }
}

/** An id in a log line: it may hold anything. */
export function shown(id: string): string {
  return JSON.stringify(id.length > 100 ? `${id.slice(0, 100)}…` : id);
}
