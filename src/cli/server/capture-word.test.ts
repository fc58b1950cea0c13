import { describe, expect, test } from "vitest";
import { type CaptureWord, CaptureWatch, captureWord } from "./capture-word.ts";

test.each([
  ["Running: PID 7: 12 packets, 900 bytes, 3 dropped by the kernel so far", { packets: 12, dropped: 3 }],
  ["exit status 0: 60 s are over: 1 packet, 90 bytes", { packets: 1, dropped: 0 }],
  ["exit status 0: 60 s are over: 12 packets, 900 bytes", { packets: 12, dropped: 0 }],
  ["Canceled: 12 packets, 900 bytes, 3 dropped by the kernel: incomplete", { packets: 12, dropped: 3 }],
  ["Running: PID 7", undefined],
  ["", undefined],
])("captureWord() of %j", (detail, word) => expect(captureWord(detail)).toEqual(word));

describe("a capture that is watched", () => {
  /** Pieces that come every 10 ms for so long, and what was asked and told meanwhile. */
  async function watch(seconds: number, droppedAt: (ms: number) => number) {
    let [now, asked] = [0, 0];
    const told: (CaptureWord & { at: number; hasLostMore: boolean })[] = [];
    const watching = new CaptureWatch({
      clock: { elapsed: () => now },
      ask: async () => {
        asked++;
        if (asked === 1) throw new Error("cut");
        return `Running: PID 7: ${now} packets, 900 bytes, ${droppedAt(now)} dropped by the kernel so far`;
      },
      tell: (_, word, hasLostMore) => void told.push({ ...word, at: now, hasLostMore }),
    });
    for (; now < seconds * 1_000; now += 10) await watching.heard("shed");
    return { asked, told };
  }

  test("is asked for no more than every two seconds, however much comes, and told of less often", async () => {
    const { asked, told } = await watch(60, () => 0);
    expect({ asked, told: told.length }).toEqual({ asked: 29, told: 5 });
    expect(told.every(({ hasLostMore, dropped }) => !hasLostMore && dropped === 0)).toBe(true);
  });

  test("tells of a loss at once, and again when there is more of it", async () => {
    const { told } = await watch(9, (ms) => (ms < 4_000 ? 0 : ms < 8_000 ? 5 : 9));
    expect(told).toEqual([
      { at: 4_000, packets: 4_000, dropped: 5, hasLostMore: true },
      { at: 8_000, packets: 8_000, dropped: 9, hasLostMore: true },
    ]);
  });
});
