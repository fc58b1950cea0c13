import { beforeAll, expect, test } from "vitest";
import { builtHelpers, eventually, openTestNode, processesOfUnit } from "../../test/kit/units.ts";
import { endLeftovers, hasLeftovers } from "./leftovers.ts";

beforeAll(builtHelpers);

test("endLeftovers() ends what a finished unit left running, and nothing else", async () => {
  await using node = await openTestNode();
  const other = await node.start("sleep 300");
  const unit = await node.start("sleep 300 & setsid sleep 300 & echo started");
  await eventually("the unit ends", () => unit.isFinal);
  expect(unit.status).toMatchObject({ ExitCode: 0, LeftRunning: 2 });
  expect(hasLeftovers(unit)).toBe(true);
  expect(await endLeftovers(unit)).toBe(true);
  expect(hasLeftovers(unit)).toBe(false);
  expect(other.isFinal).toBe(false);
});

test("retention keeps a unit while something of it runs, and releases it afterwards", async () => {
  await using node = await openTestNode();
  const service = await node.start("sleep 300 & echo started");
  const plain = await node.start("true");
  await eventually("both units end", () => service.isFinal && plain.isFinal);
  await node.reopen({ retention: { maxUnits: 0 } });
  await eventually("the other unit is released", () => Object.keys(node.units.list()).join() === service.id);
  expect(processesOfUnit(service.id)).not.toEqual([]);
  await endLeftovers(node.units.get(service.id));
  await node.reopen({ retention: { maxUnits: 0 } });
  await eventually("it is released", () => Object.keys(node.units.list()).length === 0);
});
