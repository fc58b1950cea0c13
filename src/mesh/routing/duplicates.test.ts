import { expect, test } from "vitest";
import { silentLog } from "#core";
import { TurnedClock } from "../../../test/kit/turned-clock.ts";
import type { RoutingUpdate } from "../packet/routing-update.ts";
import { Duplicates } from "./duplicates.ts";

test("however often a newer node of our id speaks, it is answered ten times a second, and the log told once a minute", () => {
  const clock = new TurnedClock();
  const [lines, warned]: [string[], bigint[]] = [[], []];
  const duplicates = new Duplicates({
    ownId: "us",
    epoch: 1n,
    environment: clock,
    log: { ...silentLog, warn: (line) => lines.push(line) },
    warn: (epoch) => warned.push(epoch),
    isDuplicate: () => expect.unreachable(),
  });
  for (let n = 0; n < 120_000; n++) {
    duplicates.hearOfUs({ updateEpoch: BigInt(n + 2), suspectedDuplicate: 0n } as RoutingUpdate);
    clock.pass(1);
  }
  expect(lines).toHaveLength(2);
  expect(warned.length).toBeLessThanOrEqual(1_200);
  expect(warned.length).toBeGreaterThan(1_000);
});
