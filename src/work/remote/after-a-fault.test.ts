import { mkdirSync, rmSync } from "node:fs";
import { beforeAll, expect, test, vi } from "vitest";
import { openMeshNode, TestMesh } from "../../../test/kit/remote.ts";
import { builtHelpers, ended, eventually, quoted, shell } from "../../../test/kit/units.ts";
import { UnitState } from "../wire.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

test("what is said of a unit whose output cannot be read is not taken for an answer about the next one", async () => {
  const mesh = new TestMesh();
  await using alpha = await openMeshNode(mesh, "alpha", {});
  await using beta = await openMeshNode(mesh, "beta", { workTypes: [shell] });
  const submit = async (script: string) => {
    const { units } = alpha.node;
    const unit = units.allocateRemote({ node: "beta", workType: "sh", params: { params: quoted(script) } });
    await units.receive(unit, nothing());
    await units.start(unit);
    return unit;
  };
  const damaged = await submit("sleep 20");
  const twin = beta.node.units.get(damaged.id);
  await eventually("it has begun", () => twin.status.State === UnitState.Running);
  rmSync(twin.folder.stdout, { force: true });
  mkdirSync(twin.folder.stdout);
  // The mirror asks again, over a connection of its own: the fault has come.
  await eventually("the fault is told", () => mesh.dialled.length > 1);
  for (let n = 0; n < 5; n++) {
    twin.set({ ...twin.status, Detail: `news ${n}` });
    const next = await submit("echo fine");
    expect(await ended(next)).toMatchObject({ State: UnitState.Succeeded, StdoutSize: 5 });
  }
});

async function* nothing(): AsyncGenerator<Uint8Array> {}
