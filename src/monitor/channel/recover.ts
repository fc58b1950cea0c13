import type { Clock, Log } from "#core";
import type { Journal } from "../journal/journal.ts";
import type { StoredRecord } from "../journal/record.ts";
import type { SegmentFolder } from "../journal/segment-files.ts";
import { Channel } from "./channel.ts";
import type { Channels } from "./channels.ts";
import { type EndingRule, stateAfter } from "./endings.ts";
import { frameText, skipFrames } from "./text-frame.ts";

/** What is known of a run before all of them are read. */
interface FoundRun {
  readonly from: number;
  readonly count: number;
  readonly length: number;
  readonly segment: number;
  readonly offset: number;
  readonly time: number;
  readonly lastCommand: string;
}

/** Make the channels that an earlier process has stored. @returns how many. */
export async function recoverChannels(
  folder: SegmentFolder,
  journal: Journal,
  channels: Channels,
  rule: EndingRule,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<number> {
  const runsOf = new Map<string, FoundRun[]>();
  for (const segment of await folder.segments()) {
    let size = 0;
    for await (const { record, framesAt, end } of folder.records(segment, log)) {
      size = end;
      if (record.kind === "dropped") runsOf.delete(record.id);
      else noted(runsOf, record.id).push(foundRun(record, segment, framesAt));
    }
    journal.found(segment, size);
  }
  for (const [id, runs] of runsOf) channels.restore(restored(id, runs, journal, rule, clock));
  return runsOf.size;
}

function noted(runsOf: Map<string, FoundRun[]>, id: string): FoundRun[] {
  const known = runsOf.get(id);
  if (known) return known;
  const runs: FoundRun[] = [];
  runsOf.set(id, runs);
  return runs;
}

function foundRun(record: StoredRecord & { readonly kind: "messages" }, segment: number, offset: number): FoundRun {
  const { from, count, time, frames } = record;
  const lastAt = skipFrames(frames, count - 1);
  const lastCommand = lastAt === undefined ? "" : commandOf(frameText(frames, lastAt));
  return { from, count, length: frames.length, segment, offset, time, lastCommand };
}

function commandOf(text: string): string {
  const message: unknown = JSON.parse(text);
  const command = typeof message === "object" && message !== null && "command" in message ? message.command : "";
  return typeof command === "string" ? command : "";
}

/**
 * The channel of what was found. Runs that were moved to a later segment stand there twice, if the older one was not removed in
 * time: the first of each position counts.
 */
function restored(id: string, runs: FoundRun[], journal: Journal, rule: EndingRule, clock: Clock): Channel {
  const agoMs = Math.max(0, clock.now() - Math.max(...runs.map(({ time }) => time)));
  const channel = new Channel(id, clock.elapsed() - agoMs);
  for (const { from, count, length, segment, offset, lastCommand } of runs.sort((a, b) => a.from - b.from)) {
    if (from < channel.extents.end) continue;
    channel.restore(from, count, length, { segment, offset });
    journal.claim(segment, length);
    channel.state = stateAfter(lastCommand, clock.elapsed(), rule);
  }
  channel.isShownEnded = channel.state.kind === "ended";
  return channel;
}
