import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { systemClock } from "#core";
import type { Asker } from "../../../src/server/line/worker-lines.ts";
import { testServer } from "../../kit/server.ts";
import { patience } from "../../kit/units.ts";

const admin: Asker = {
  ...{ userId: "u1", name: "ada", roles: ["admin"], level: "admin", methods: ["pwd"], loggedInAt: 1, session: "s1" },
};
const dayMs = 24 * 60 * 60_000;

test.each([
  ["forward by a day", dayMs],
  ["back by a day", -dayMs],
  ["forward by a minute", 60_000],
])("when somebody sets the server's clock %s, its workers go on answering at once (CAT-124)", async (_how, byMs) => {
  let aheadMs = 0;
  await using server = await testServer({ clock: { ...systemClock, now: () => Date.now() + aheadMs } });
  await server.worker("shed", [{ "work-command": { worktype: "cat", command: "cat" } }]);
  const [shed] = await server.core.registry.list();
  const { lines } = server.core;
  const payload = async function* () {
    yield Buffer.from("hello");
  };
  aheadMs = byMs;
  const taken = await lines.submit(shed?.id ?? "", { workType: "cat" }, payload(), admin, patience());
  const request = { method: "units.results", params: { unit: (taken as { unit: string }).unit, from: 0 } };
  const { stream } = await lines.open(shed?.id ?? "", request, admin, patience());
  expect((await buffer(stream)).toString()).toBe("hello");
});

test("a worker that registered while the server's clock was a day ahead comes back when that is set right (CAT-124)", async () => {
  let aheadMs = dayMs;
  await using server = await testServer({ clock: { ...systemClock, now: () => Date.now() + aheadMs } });
  // Its certificate is looked at by this machine's clock, which is right.
  await server.worker("shed", []);
  aheadMs = 0;
  const [shed] = await server.core.registry.list();
  const { lines, mesh } = server.core;
  mesh.rejectNeighbour("shed", "the road is cut");
  while (mesh.hasRoute("shed")) await sleep(10, undefined, { signal: patience() });
  while (!mesh.hasRoute("shed")) await sleep(10, undefined, { signal: patience() });
  const listed = await lines.call(shed?.id ?? "", { method: "units.list", params: {} }, admin, patience());
  expect(listed).toEqual({ units: [] });
});
