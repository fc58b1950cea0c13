import { writeFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import { beforeAll, expect, test } from "vitest";
import { UnitWanted } from "#fleet";
import { builtHelpers, openTestNode, type TestNode } from "../../../test/kit/units.ts";
import { unitStreams } from "./unit-streams.ts";

beforeAll(builtHelpers);

/** Ask for a unit as the server does, with nothing for its stdin. @returns the id in the first answer. */
async function submit(node: TestNode, wanted: { readonly unit?: string }): Promise<unknown> {
  const [served] = unitStreams(node.units, () => true);
  const stream = new PassThrough();
  stream.end();
  let made: unknown;
  const context = { caller: {}, signal: new AbortController().signal } as never;
  const params = { workType: "sh", params: { params: "true" }, ...wanted };
  await served?.run(params, { stream, answer: (result) => (made = result) }, context);
  return made;
}

test("a unit under the caller's own id is made once, and under no other", async () => {
  await using node = await openTestNode();
  expect(await submit(node, { unit: "mine1234" })).toEqual({ unit: "mine1234" });
  await expect(submit(node, { unit: "mine1234" })).rejects.toMatchObject({ code: "UNIT_TAKEN", status: 409 });
  // Something that this daemon has not looked at.
  writeFileSync(`${node.unitsDir}/fromelsewhere`, "precious");
  await expect(submit(node, { unit: "fromelsewhere" })).rejects.toMatchObject({ code: "UNIT_TAKEN" });
  expect(Object.keys(node.units.list())).toEqual(["mine1234"]);
});

test("an id that no unit can have is refused, and not exchanged for another", () => {
  const asked = (unit: string) => UnitWanted.safeParse({ workType: "sh", unit }).success;
  expect(["short12", "with-dash-in", "", "x".repeat(65)].map(asked)).toEqual([false, false, false, false]);
  expect(["eight888", "x".repeat(64)].map(asked)).toEqual([true, true]);
});
