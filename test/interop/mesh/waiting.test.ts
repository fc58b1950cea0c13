import { existsSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { freshBuild } from "../../kit/daemon.ts";
import type { MeshPlan } from "../../kit/mesh-plan.ts";
import { startMesh } from "../../kit/mesh.ts";
import { describeWithReceptorctl } from "../../kit/receptorctl.ts";
import { hasState, submit, unitsOf, untilUnit } from "./remote-unit.ts";

const plan: MeshPlan = {
  nodes: { foo: {}, bar: { sections: "- work-command: {worktype: cat, command: cat}" } },
  roads: [{ kind: "tcp", from: "bar", to: "foo" }],
};
const barLater = { later: ["bar"] };

beforeAll(freshBuild);

/** Receptor specification §8.3, items 27, 29 and 32. */
describeWithReceptorctl("work for a node that is not there", () => {
  test("waits, says so, and is done when the node comes", async () => {
    await using mesh = await startMesh(plan, barLater);
    const [foo, bar] = [mesh.node("foo"), mesh.node("bar")];
    const { stdout } = await foo.ctl("work", "submit", "cat", "--node", "bar", "-l", "patience");
    const id = /^Result: Job Submitted\nUnit ID: (\w+)\n$/.exec(stdout)?.[1] ?? stdout;
    expect((await unitsOf(foo))[id]).toMatchObject({ State: 0, StateName: "Pending", WorkType: "remote" });
    await bar.start();
    await untilUnit(foo, id, hasState("Succeeded"));
    expect(await foo.ctl("work", "results", id)).toMatchObject({ code: 0, stdout: "patience\n" });
  });

  test("fails when its ttl is over, and is released without that node", async () => {
    await using mesh = await startMesh(plan, barLater);
    const foo = mesh.node("foo");
    const id = await submit(foo, "cat", "--node", "bar", "-n", "--ttl", "2s");
    const { Detail } = await untilUnit(foo, id, hasState("Failed"));
    expect(Detail).toMatch(/^Work unit expired on [A-Z][a-z]{2} [A-Z][a-z]{2} \d+ \d\d:\d\d:\d\d$/);
    expect((await foo.ctl("work", "release", id)).stdout).toBe(`Released:\n(${id}, released)\n`);
    expect(existsSync(foo.unitFile(id))).toBe(false);
  });

  test("fails when its submitter is started again before, and is released without that node", async () => {
    await using mesh = await startMesh(plan, barLater);
    const foo = mesh.node("foo");
    const id = await submit(foo, "cat", "--node", "nowhere", "-n");
    expect((await unitsOf(foo))[id]).toMatchObject({ StateName: "Pending" });
    await foo.stop("SIGKILL");
    await foo.start();
    const { Detail } = await untilUnit(foo, id, hasState("Failed"));
    expect(Detail).toBe("Failed to restart: remote work had not previously started");
    expect((await foo.ctl("work", "release", id)).stdout).toBe(`Released:\n(${id}, released)\n`);
    expect(existsSync(foo.unitFile(id))).toBe(false);
  });

  test("is cancelled without that node", async () => {
    await using mesh = await startMesh(plan, barLater);
    const foo = mesh.node("foo");
    const id = await submit(foo, "cat", "--node", "bar", "-n");
    expect((await foo.ctl("work", "cancel", id)).stdout).toBe(`Cancelled:\n(${id}, cancelled)\n`);
    expect((await unitsOf(foo))[id]).toMatchObject({ StateName: "Failed", Detail: "Locally Cancelled" });
  });
});
