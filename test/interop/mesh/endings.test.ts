/** How units are named, ended and deleted, as seen from another node: Receptor specification §8.3, items 36 and 38. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshBuild } from "../../kit/daemon.ts";
import { type MeshPlan, type Program, receptorBin } from "../../kit/mesh-plan.ts";
import { type ProcessMesh, type ProcessNode, startMesh } from "../../kit/mesh.ts";
import { isRunning, runProcess } from "../../kit/processes.ts";
import { describeWithReceptorctl } from "../../kit/receptorctl.ts";
import { ask, beginUnit } from "./raw-session.ts";
import { hasState, type MeshUnit, remoteIdOf, submit, unitsOf, untilGone, untilUnit } from "./remote-unit.ts";

const work = `
- work-command: {worktype: cat, command: cat}
- work-command: {worktype: fails, command: "false"}
- work-command: {worktype: wait, command: bash, allowruntimeparams: true, params: "-c 'echo $$ > $0; exec sleep 600'"}
`;
const planFor = (bar: Program): MeshPlan => ({
  nodes: { foo: {}, bar: { program: bar, sections: work } },
  roads: [{ kind: "tcp", from: "bar", to: "foo" }],
});

beforeAll(freshBuild);

const executors: Program[] = ["ours", ...(receptorBin === undefined ? [] : (["theirs"] as const))];

describeWithReceptorctl("units seen from another node", () => {
  describe.each(executors)("whose executor is %s", (program) => {
    let mesh: ProcessMesh;
    let foo: ProcessNode;
    let bar: ProcessNode;
    beforeAll(async () => {
      mesh = await startMesh(planFor(program));
      [foo, bar] = [mesh.node("foo"), mesh.node("bar")];
      await mesh.converged();
    });
    afterAll(() => mesh?.[Symbol.asyncDispose]());

    /** A unit of bar, asked of bar by way of foo. */
    async function seenFromFoo(id: string): Promise<MeshUnit> {
      const { stdout, stderr } = await foo.ctl("work", "list", "--node", "bar", "--unit_id", id);
      if (stdout === "") throw new Error(stderr);
      return (JSON.parse(stdout) as Record<string, MeshUnit>)[id] as MeshUnit;
    }

    const askBar = async (request: string) => (await ask(foo, "connect bar control", request))[2] ?? "";

    /** A unit that runs on bar, its mirror on foo, and the process of its command. */
    async function startWaiting() {
      const pidFile = `${mesh.shared}/pid-${Math.random()}`;
      const id = await submit(foo, "wait", "--node", "bar", "-n", pidFile);
      const remoteId = await remoteIdOf(foo, id);
      await untilUnit(foo, id, hasState("Running"));
      await untilWritten(pidFile);
      return { id, remoteId, pid: Number(readFileSync(pidFile, "utf8")) };
    }

    async function untilWritten(file: string): Promise<void> {
      const waiting = `until test -s ${file}; do sleep 0.05; done`;
      expect((await runProcess("timeout", ["60", "sh", "-c", waiting])).code).toBe(0);
    }

    describe("states (item 36)", () => {
      test.each([
        ["cat", 2, "Succeeded", 0],
        ["fails", 3, "Failed", 1],
      ])("%s is complete as %d, %s, on both nodes, and its results end", async (type, State, StateName, exit) => {
        const id = await submit(foo, type, "--node", "bar", "-n");
        const remoteId = await remoteIdOf(foo, id);
        await untilUnit(foo, id, hasState(StateName));
        const Detail = `exit status ${exit}`;
        expect((await unitsOf(foo))[id]).toMatchObject({ State, StateName, Detail });
        expect(await seenFromFoo(remoteId)).toMatchObject({ State, StateName, Detail });
        expect(await foo.ctl("work", "results", id)).toMatchObject({ stdout: "" });
      });

      test("0 is Pending and 1 is Running, and neither is complete: results go on until the unit is cancelled", async () => {
        const { id: begun, socket } = await beginUnit(bar, "cat");
        expect(await seenFromFoo(begun)).toMatchObject({ State: 0, StateName: "Pending" });
        socket.destroy();
        const { id, remoteId } = await startWaiting();
        expect((await unitsOf(foo))[id]).toMatchObject({ State: 1, StateName: "Running" });
        expect(await seenFromFoo(remoteId)).toMatchObject({ State: 1, StateName: "Running" });
        await using follower = await foo.startCtl("work", "results", id);
        await untilUnit(foo, id, hasState("Running"));
        expect(isRunning(follower.pid)).toBe(true);
        await foo.ctl("work", "cancel", id);
        expect(await untilUnit(foo, id, hasState("Canceled"))).toMatchObject({ State: 4, Detail: "Canceled" });
        expect(await seenFromFoo(remoteId)).toMatchObject({ State: 4, StateName: "Canceled" });
        expect((await follower.ended).code).toBe(0);
      });

      test("a number that nobody knows is told as `Unknown: n`, or the true ending where the executor finds it out", async () => {
        const id = await submit(foo, "cat", "--node", "bar", "-n");
        const remoteId = await remoteIdOf(foo, id);
        await untilUnit(foo, id, hasState("Succeeded"));
        await bar.stop("SIGKILL");
        const file = bar.unitFile(remoteId, "status");
        writeFileSync(file, readFileSync(file, "utf8").replace('"State":2', '"State":9'));
        await bar.start();
        await mesh.converged();
        const known = { State: 2, StateName: "Succeeded" };
        const unknown = { State: 9, StateName: "Unknown: 9" };
        expect(await seenFromFoo(remoteId)).toMatchObject(program === "ours" ? known : unknown);
        expect((await unitsOf(foo))[id]).toMatchObject({ State: 2 });
        rmSync(bar.unitFile(remoteId), { recursive: true });
      });
    });

    describe("cancel (item 38)", () => {
      test("without a process changes nothing", async () => {
        const { id, socket } = await beginUnit(bar, "cat");
        expect(await askBar(`work cancel ${id}`)).toBe(`{"cancelled":"${id}"}`);
        socket.destroy();
        expect(existsSync(bar.unitFile(id, "stdout"))).toBe(false);
      });

      test("of a process that has died succeeds, and the unit tells how it ended", async () => {
        const { id, remoteId, pid } = await startWaiting();
        process.kill(pid, "SIGKILL");
        await untilUnit(foo, id, hasState("Failed"));
        expect((await foo.ctl("work", "cancel", id)).stdout).toBe(`Cancelled:\n(${id}, cancelled)\n`);
        expect(await askBar(`work cancel ${remoteId}`)).toBe(`{"cancelled":"${remoteId}"}`);
        expect((await unitsOf(foo))[id]).toMatchObject({ StateName: "Failed", Detail: "signal: killed" });
      });

      test("of a process that lives ends it", async () => {
        const { id, remoteId, pid } = await startWaiting();
        expect((await foo.ctl("work", "cancel", id)).stdout).toBe(`Cancelled:\n(${id}, cancelled)\n`);
        await untilUnit(foo, id, hasState("Canceled"));
        expect(await seenFromFoo(remoteId)).toMatchObject({ StateName: "Canceled" });
        expect(isRunning(pid)).toBe(false);
      });
    });

    describe("release (item 38)", () => {
      test("removes the folders on both nodes", async () => {
        const { id, remoteId, pid } = await startWaiting();
        expect((await foo.ctl("work", "release", id)).stdout).toBe(`Released:\n(${id}, released)\n`);
        await untilGone(bar, remoteId);
        await untilGone(foo, id);
        for (const folder of [foo.unitFile(id), bar.unitFile(remoteId)]) expect(existsSync(folder)).toBe(false);
        expect(isRunning(pid)).toBe(false);
      });

      test("that cannot remove the folder over there says so, and succeeds when it can", async ({ skip }) => {
        const id = await submit(foo, "cat", "--node", "bar", "-l", "kept");
        const remoteId = await remoteIdOf(foo, id);
        await untilUnit(foo, id, hasState("Succeeded"));
        const folder = bar.unitFile(remoteId);
        if ((await runProcess("mount", ["-t", "tmpfs", "farhand-test", folder])).code !== 0)
          return skip("needs the right to mount");
        const refused = await foo.ctl("work", "release", id);
        expect((await runProcess("umount", [folder])).code).toBe(0);
        expect(refused.stdout + refused.stderr).toMatch(
          /error cancelling remote unit: .*(EBUSY|device or resource busy)/,
        );
        expect((await unitsOf(foo))[id]).toMatchObject({ StateName: "Succeeded" });
        expect((await foo.ctl("work", "release", id)).stdout).toBe(`Released:\n(${id}, released)\n`);
        await untilGone(foo, id);
        expect(existsSync(folder)).toBe(false);
      });
    });
  });
});
