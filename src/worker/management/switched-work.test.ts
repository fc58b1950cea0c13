import { beforeAll, expect, test, vi } from "vitest";
import { connectControl } from "#control";
import { silentLog } from "#core";
import { submitUnit, unitStatus, workCommand } from "#work";
import { UnitState } from "#work/wire";
import { openTestService } from "../../../test/kit/control-service.ts";
import { builtHelpers, ended, openTestNode, quoted, written } from "../../../test/kit/units.ts";
import { switchedWork } from "./switched-work.ts";
import { Switches } from "./switches.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

async function* nothing(): AsyncGenerator<Uint8Array> {}

test("CAT-17: with workers off nothing new is started, and what runs ends by itself", async () => {
  await using node = await openTestNode();
  const switches = new Switches({ log: silentLog });
  const command = switchedWork(workCommand(node.units, "alpha"), switches, { nodeId: "alpha", units: node.units });
  await using service = await openTestService("unix", { commands: [command] });
  const submit = async (script: string) => {
    const control = await connectControl(service.address);
    try {
      const request = { node: "alpha", workType: "sh", params: { params: quoted(script) } };
      return (await submitUnit(control, request, nothing())).unitId;
    } finally {
      control.close();
    }
  };
  const running = await submit(`echo begun; until [ -e ${node.folder.file("go")} ]; do sleep 0.05; done; echo done`);
  await written(node.units.get(running), "begun");

  switches.set({ workers: false });
  await expect(submit("echo never")).rejects.toThrow(/takes no work now/);
  expect(Object.keys(node.units.list())).toEqual([running]);
  const control = await connectControl(service.address);
  expect(await unitStatus(control, running)).toMatchObject({ State: UnitState.Running });
  control.close();

  await node.run(`touch ${node.folder.file("go")}`);
  expect(await ended(node.units.get(running))).toMatchObject({ State: UnitState.Succeeded });
  switches.set({ workers: true });
  const last = await submit("echo again");
  expect(await ended(node.units.get(last))).toMatchObject({ State: UnitState.Succeeded });
});
