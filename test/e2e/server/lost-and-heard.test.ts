import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { systemClock } from "#core";
import { testServer } from "../../kit/server.ts";

test("a worker that was lost and goes on in the same conversation is there again, without registering (CAT-41)", async () => {
  const skipped = { ms: 0 };
  const clock = { ...systemClock, elapsed: () => systemClock.elapsed() + skipped.ms };
  await using server = await testServer({ clock });
  await server.worker("shed", []);
  const { presence, registry } = server.core;
  const { id } = await registry.find("shed");
  await expect.poll(() => presence.state(id)?.state, { timeout: 60_000 }).toBe("online");
  const { epoch } = await registry.find(id);
  // For the server time runs ten times as fast, until the next heartbeat is overdue for longer than it bears.
  while (presence.state(id)?.state !== "lost") {
    skipped.ms += 5_000;
    await sleep(500);
  }
  await expect
    .poll(() => presence.state(id), { timeout: 60_000 })
    .toMatchObject({
      state: "online",
      cause: "heard again",
    });
  expect((await registry.find(id)).epoch).toBe(epoch);
});
