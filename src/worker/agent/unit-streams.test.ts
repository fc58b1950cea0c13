import { writeFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import { beforeAll, expect, test } from "vitest";
import { type Caller, UnitWanted } from "#fleet";
import { builtHelpers, ended, openTestNode, type TestNode } from "../../../test/kit/units.ts";
import { unitMethods } from "../management/unit-methods.ts";
import { unitStreams } from "./unit-streams.ts";

beforeAll(builtHelpers);

const ann: Caller = {
  ...{ name: "ann (u7)", level: "operate", carrier: "forwarded", session: "s1", source: "192.0.2.4", request: "jti1" },
};

/** Ask for a unit as the server does, with nothing for its stdin. @returns the id in the first answer. */
async function submit(node: TestNode, wanted: { readonly unit?: string }): Promise<unknown> {
  const [served] = unitStreams(node.units, () => true);
  const stream = new PassThrough();
  stream.end();
  let made: unknown;
  const context = { caller: ann, signal: new AbortController().signal } as never;
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

test("CAT-63: a unit keeps who ordered it, also when the worker was started again", async () => {
  await using node = await openTestNode();
  await submit(node, { unit: "mine1234" });
  await ended(node.units.get("mine1234"));
  const requestedBy = { user: "ann (u7)", level: "operate", session: "s1", source: "192.0.2.4", request: "jti1" };
  for (const isRestarted of [false, true]) {
    if (isRestarted) await node.reopen();
    const [list, status] = unitMethods(node.units);
    expect(await status?.run({ unit: "mine1234" }, {} as never)).toMatchObject({ stateName: "Succeeded", requestedBy });
    expect(await list?.run({}, {} as never)).toMatchObject({ units: [{ requestedBy }] });
  }
});

test("CAT-63: nobody says in a request who ordered it, and a unit from elsewhere has nobody", async () => {
  const wanted = { workType: "sh", requestedBy: { user: "root", level: "admin" } };
  expect(UnitWanted.safeParse(wanted).success).toBe(false);
  await using node = await openTestNode();
  const { id } = node.units.allocate({ workType: "sh", params: { requestedBy: "root", RequestedBy: "root" } });
  expect(node.units.get(id).report()).not.toHaveProperty("RequestedBy");
});
