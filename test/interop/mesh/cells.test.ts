import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { freshBuild } from "../../kit/daemon.ts";
import type { ProcessMesh, ProcessNode } from "../../kit/mesh.ts";
import { describeWithReceptorctl } from "../../kit/receptorctl.ts";
import { unitIdIn } from "../worker.ts";
import { cellName, cells, hubOf, startCell } from "./cells.ts";
import { digestOf, writeRandom } from "./random-file.ts";
import { digestOfResults, hasState, reaches, remoteIdOf, unitsOf, untilGone, untilUnit } from "./remote-unit.ts";
import { ResultTable } from "./result-table.ts";

const results = new ResultTable();
beforeAll(freshBuild);
afterAll(() => results.publish());

describeWithReceptorctl("a mesh of real nodes", () => {
  describe.each(cells.map((cell) => [cellName(cell), cell] as const))("%s", (_name, cell) => {
    let mesh: ProcessMesh;
    let left: ProcessNode;
    let right: ProcessNode;
    beforeAll(async () => {
      mesh = await startCell(cell);
      [left, right] = [mesh.node("left"), mesh.node("right")];
    });
    afterAll(() => mesh?.[Symbol.asyncDispose]());
    const toRight = ["--node", "right", ...(cell.tls ? ["--tls-client", "node"] : [])];
    afterEach(({ task }) => results.note(cell, task));
    const submit = async (...args: string[]) => unitIdIn(await left.ctl("work", "submit", ...toRight, ...args));

    test("routing", async () => {
      const ends = [left, right].map((node, index) => ({ node, hub: hubOf(cell, index === 0 ? "left" : "right") }));
      const members = ends.filter(({ hub }) => hub === undefined).map(({ node }) => node);
      if (members.length === 2) await mesh.converged();
      else for (const { id } of members) await reaches(mesh.node(id), id === "left" ? "right" : "left");
      const next = cell.programs.length === 3 ? { right: "relay", left: "relay" } : { right: "right", left: "left" };
      for (const { node, hub } of ends) {
        const { RoutingTable } = await node.status();
        if (hub) expect(RoutingTable).toEqual({ [hub]: hub });
        else if (node === left) expect(RoutingTable).toMatchObject({ right: next.right });
        else expect(RoutingTable).toMatchObject({ left: next.left });
      }
      const [costs, ...others] = await Promise.all(
        members.map(async (node) => (await node.status()).KnownConnectionCosts),
      );
      for (const other of others) expect(other).toEqual(costs);
      // A stub is listed as any other node is, with all its links.
      expect(Object.keys(costs ?? {})).toHaveLength(cell.programs.length);
    });

    test("ping", async () => {
      for (const [from, to] of [
        [left, right],
        [right, left],
      ] as const) {
        const { code, stdout } = await from.ctl("ping", to.id, "--count", "4", "--delay", "0");
        expect(stdout).toMatch(new RegExp(`^(Reply from ${to.id} in [\\d.]+(µs|ms|s)\n){4}$`));
        expect(code).toBe(0);
      }
    });

    test("traceroute", async () => {
      const hops = cell.programs.length === 3 ? ["left", "relay", "right"] : ["left", "right"];
      const { stdout } = await left.ctl("traceroute", "right");
      expect(stdout.replaceAll(/ in \S+/g, "")).toBe(hops.map((id, hop) => `${hop}: ${id}\n`).join(""));
    });

    test("connect", async () => {
      const { code, stdout } = await left.ctl("work", "list", ...toRight);
      expect(JSON.parse(stdout)).toEqual({});
      expect(code).toBe(0);
    });

    test("submit", { timeout: 300_000 }, async () => {
      // 100 MiB as the issue wants it, less where both ends are ours: large.test.ts and cuts.test.ts do more of that.
      const mebibytes = cell.programs.includes("theirs") ? 100 : 20;
      const payload = join(mesh.shared, "payload");
      const sum = writeRandom(payload, mebibytes);
      const id = await submit("cat", "-p", payload);
      expect(await digestOfResults(left, id)).toBe(sum);
      const unit = await untilUnit(left, id, hasState("Succeeded"));
      expect(unit).toMatchObject({ Detail: "exit status 0", StdoutSize: mebibytes * 2 ** 20 });
      const remoteId = await remoteIdOf(left, id);
      expect(await digestOf(right.unitFile(remoteId, "stdin"))).toBe(sum);
      expect(await digestOf(right.unitFile(remoteId, "stdout"))).toBe(sum);
      expect(await left.ctl("work", "release", id)).toMatchObject({ stdout: `Released:\n(${id}, released)\n` });
      await untilGone(right, remoteId);
    });

    test("cancel", async () => {
      const id = await submit("wait", "-n");
      const remoteId = await remoteIdOf(left, id);
      await untilUnit(left, id, hasState("Running"));
      expect(await left.ctl("work", "cancel", id)).toMatchObject({ stdout: `Cancelled:\n(${id}, cancelled)\n` });
      await untilUnit(right, remoteId, hasState("Canceled"));
      await untilUnit(left, id, hasState("Canceled"));
      await left.ctl("work", "release", id);
    });

    test("release", async () => {
      const id = await submit("wait", "-n");
      const remoteId = await remoteIdOf(left, id);
      await untilUnit(left, id, hasState("Running"));
      expect(await left.ctl("work", "release", id)).toMatchObject({ stdout: `Released:\n(${id}, released)\n` });
      await untilGone(left, id);
      await untilGone(right, remoteId);
      expect(existsSync(left.unitFile(id))).toBe(false);
      expect(existsSync(right.unitFile(remoteId))).toBe(false);
    });

    test("ttl", async () => {
      const inTime = await left.ctl("work", "submit", ...toRight, "cat", "-l", "in time", "--ttl", "10h", "-f");
      expect(inTime).toMatchObject({ code: 0, stdout: "in time\n" });
      const id = unitIdIn(await left.ctl("work", "submit", "cat", "-n", "--node", "nobody", "--ttl", "3s"));
      // A stub leaves it to its hub to know who there is: its client has waited for a first attempt, and so for the ttl.
      if (hubOf(cell, "left") === undefined) expect((await unitsOf(left))[id]).toMatchObject({ StateName: "Pending" });
      const unit = await untilUnit(left, id, hasState("Failed"));
      expect(unit.Detail).toMatch(/^Work unit expired on /);
    });

    test("signed work", async () => {
      const id = await submit("signed", "-l", "by name", "--signwork");
      expect((await left.ctl("work", "results", id)).stdout).toBe("by name\n");
      await untilUnit(left, id, hasState("Succeeded"));
      expect(await left.ctl("work", "release", id)).toMatchObject({ stdout: `Released:\n(${id}, released)\n` });
      const unsigned = await left.ctl("work", "submit", ...toRight, "signed", "-n");
      expect(unsigned.stderr).toContain("could not verify signature: signature is empty");
      const unasked = await left.ctl("work", "submit", ...toRight, "cat", "-n", "--signwork");
      expect(unasked.stderr).toContain("work type did not expect a signature");
    });
  });
});
