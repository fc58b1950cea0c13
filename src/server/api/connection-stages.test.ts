import { expect, test } from "vitest";
import { type ConnectionFacts, connectionStages } from "./connection-stages.ts";

const fine: ConnectionFacts = {
  ...{ name: "shed", id: "w1", isThere: true, cause: "connected", road: "ws 10.0.0.7:51234", fingerprint: "aaaa-bbbb" },
  ...{ refusal: undefined, role: "admin", level: "admin", ownRoles: { admin: "operate", "*": "monitor" } },
};
const states = (facts: Partial<ConnectionFacts>) =>
  connectionStages({ ...fine, ...facts }).map(({ stage, state }) => `${stage} ${state}`);

test("CAT-103: every stage is fine, and says over what and by which key", () => {
  const stages = connectionStages(fine);
  expect(stages.map(({ state }) => state)).toEqual(["fine", "fine", "fine", "fine", "fine"]);
  expect(stages.map(({ says }) => says).join("\n")).toMatch(/ws 10.0.0.7:51234[^]*aaaa-bbbb[^]*the worker operate/);
});

test("CAT-103: the stage that fails is named, and what lies behind it was not reached", () => {
  expect(states({ isThere: false })).toEqual([
    ...["name fine", "connection trouble", "key unknown", "assertion unknown", "role unknown"],
  ]);
  const refusal = { code: "ASSERTION_STALE", says: "the assertion is refused: it is old", byWorker: true };
  expect(states({ refusal }).slice(3)).toEqual(["assertion trouble", "role unknown"]);
  const stale = connectionStages({ ...fine, refusal })[3];
  expect(stale).toMatchObject({
    says: expect.stringContaining("ASSERTION_STALE"),
    cure: expect.stringContaining("clocks"),
  });
  const role = { code: "LEVEL_TOO_LOW", says: "this worker gives nothing to these roles", byWorker: true };
  expect(states({ refusal: role }).slice(3)).toEqual(["assertion fine", "role trouble"]);
});

test("who is no admin is told neither where the worker is nor which key it has", () => {
  const text = JSON.stringify(connectionStages({ ...fine, road: undefined, fingerprint: undefined }));
  expect(text).not.toMatch(/10\.0\.0\.7|aaaa/);
});

test("a role that stands nowhere has what every other has", () => {
  expect(connectionStages({ ...fine, role: "viewer" })[4]?.says).toContain("the worker monitor");
});
