import { existsSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshBuild } from "../../kit/daemon.ts";
import type { MeshPlan } from "../../kit/mesh-plan.ts";
import { type ProcessMesh, type ProcessNode, startMesh } from "../../kit/mesh.ts";
import { describeWithReceptorctl } from "../../kit/receptorctl.ts";
import { beginUnit } from "./raw-session.ts";
import { hasState, remoteIdOf, submit, unitsOf, untilGone, untilUnit } from "./remote-unit.ts";

const plan: MeshPlan = {
  nodes: {
    foo: {},
    bar: {
      sections: `
- work-command: {worktype: cat, command: cat}
- work-command: {worktype: wait, command: sleep, params: "600"}
- work-command: {worktype: gated, command: bash, allowruntimeparams: true,
    params: "-c 'echo first; until test -e $0; do sleep 0.05; done; echo second'"}
`,
    },
  },
  roads: [{ kind: "tcp", from: "bar", to: "foo" }],
};

beforeAll(freshBuild);

/** Receptor specification §8.3, items 28, 31, 37 and 38. */
describeWithReceptorctl("remote work and nodes that are started again", () => {
  let mesh: ProcessMesh;
  let foo: ProcessNode;
  let bar: ProcessNode;
  const again = async (node: ProcessNode) => {
    await node.stop("SIGKILL");
    await node.start();
    await mesh.converged();
  };
  beforeAll(async () => {
    mesh = await startMesh(plan);
    [foo, bar] = [mesh.node("foo"), mesh.node("bar")];
    await mesh.converged();
  });
  afterAll(() => mesh?.[Symbol.asyncDispose]());

  test("a unit cancelled, its submitter started again, released: nothing is left on either node", async () => {
    const id = await submit(foo, "wait", "--node", "bar", "-n");
    await untilUnit(foo, id, hasState("Running"));
    const remoteId = await remoteIdOf(foo, id);
    expect((await foo.ctl("work", "cancel", id)).stdout).toBe(`Cancelled:\n(${id}, cancelled)\n`);
    expect(await untilUnit(foo, id, hasState("Canceled"))).toMatchObject({ State: 4 });
    await again(foo);
    expect((await unitsOf(foo))[id]).toMatchObject({ State: 4, Detail: "Canceled" });
    expect((await foo.ctl("work", "release", id)).stdout).toBe(`Released:\n(${id}, released)\n`);
    await untilGone(bar, remoteId);
    expect(existsSync(foo.unitFile(id))).toBe(false);
    expect(existsSync(bar.unitFile(remoteId))).toBe(false);
  });

  test.each(["foo", "bar"])("a unit goes on while %s is started again, and its output is whole", async (restarted) => {
    const gate = `${mesh.shared}/gate-${restarted}`;
    const id = await submit(foo, "gated", "--node", "bar", "-n", gate);
    const remoteId = await remoteIdOf(foo, id);
    const { ExtraData } = await untilUnit(bar, remoteId, hasState("Running"));
    await again(mesh.node(restarted));
    await untilUnit(foo, id, hasState("Running"));
    expect((await unitsOf(bar))[remoteId]?.ExtraData).toEqual(ExtraData);
    writeFileSync(gate, "");
    expect(await foo.ctl("work", "results", id)).toMatchObject({ code: 0, stdout: "first\nsecond\n" });
    await untilUnit(foo, id, hasState("Succeeded"));
    expect(await unitsOf(bar)).toMatchObject({ [remoteId]: { StateName: "Succeeded" } });
  });

  test("a unit that is over stays as it is on both", async () => {
    const id = await submit(foo, "cat", "--node", "bar", "-l", "done");
    const remoteId = await remoteIdOf(foo, id);
    await untilUnit(foo, id, hasState("Succeeded"));
    const [here, there] = [(await unitsOf(foo))[id], (await unitsOf(bar))[remoteId]];
    await again(foo);
    await again(bar);
    expect((await unitsOf(foo))[id]).toEqual(here);
    expect((await unitsOf(bar))[remoteId]).toEqual(there);
    expect((await foo.ctl("work", "cancel", id)).stdout).toBe(`Cancelled:\n(${id}, cancelled)\n`);
    expect((await unitsOf(foo))[id]).toEqual(here);
  });

  test("a unit that had not begun has failed", async () => {
    const { id, socket } = await beginUnit(bar, "cat");
    await again(bar);
    socket.destroy();
    expect((await unitsOf(bar))[id]).toMatchObject({ StateName: "Failed", Detail: "Pending at restart" });
  });
});
