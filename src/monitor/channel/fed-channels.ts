import { setTimeout as sleep } from "node:timers/promises";
import type { Journal } from "../journal/journal.ts";
import type { FedChannels } from "./channel-source.ts";
import type { Channels } from "./channels.ts";
import { frameLength, frameText, textFrame } from "./text-frame.ts";

/** What was put is shown within this time, unless the disk is slow; then it is waited for. */
const shownWithinMs = 10;

/** Channels as somebody feeds them who is in this process. */
export function fedChannels(channels: Channels, journal: Pick<Journal, "read">): FedChannels {
  return {
    standing: async (id, signal) => {
      for (;;) {
        const channel = channels.get(id);
        if (!channel || channel.isEmpty) return { isEnded: false, last: undefined };
        if (channel.extents.end === channel.taken) {
          const extent = channel.extents.at(channel.extents.count - 1);
          const last = lastText(await journal.read(extent, extent.length));
          return { isEnded: channel.state.kind === "ended", last };
        }
        await sleep(shownWithinMs, undefined, { signal });
      }
    },
    // What a unit says of itself ends nothing: only the last word does.
    put: (id, message) => channels.take(id, message.command === "FINISHED" ? "FINISHED" : "", frameOf(message)),
  };
}

/** As other messages, everything but ASCII is escaped. */
function frameOf(message: object): Buffer {
  const json = JSON.stringify(message);
  const text = json.replace(/[^\0-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return textFrame([Buffer.from(text, "latin1")]);
}

function lastText(frames: Buffer): string | undefined {
  let last: number | undefined;
  for (let at = 0; at < frames.length; ) {
    const length = frameLength(frames, at);
    if (length === undefined) break;
    last = at;
    at += length;
  }
  return last === undefined ? undefined : frameText(frames, last);
}
