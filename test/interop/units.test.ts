import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { onEveryRoad } from "./roads.ts";
import { gated, unitFile, unitsIn } from "./worker.ts";

const workTypes = `
- work-command: {worktype: cat, command: cat}
- work-command: {worktype: fails, command: bash, params: "-c 'echo before; exit 7'"}
${gated}`;
const never = "/nowhere/gate";

onEveryRoad("receptorctl work", workTypes, ({ road, ctl, start, submit, unit, place }) => {
  const soon = () => AbortSignal.timeout(60_000);

  describe("list", () => {
    test("tells state, detail, size, type and params of a unit", async () => {
      const id = await submit("cat", "-l", "hello");
      await ctl("work", "results", id);
      expect(unitsIn(await ctl("work", "list"))[id]).toMatchObject({
        State: 2,
        StateName: "Succeeded",
        Detail: "exit status 0",
        StdoutSize: 6,
        WorkType: "cat",
        ExitCode: 0,
      });
    });

    test("-q prints ids only, --unit_id one unit", async () => {
      const [one, other] = [await submit("cat", "-n"), await submit("cat", "-n")];
      const ids = (await ctl("work", "list", "-q")).stdout.trim().split("\n");
      expect(ids).toEqual(expect.arrayContaining([one, other]));
      expect((await ctl("work", "list", "-q", "--unit_id", one)).stdout).toBe(`${one}\n`);
    });

    test("of an unknown unit ends with 1", async () => {
      const { code, stderr } = await ctl("work", "list", "--unit_id", "nosuch");
      expect(stderr).toContain("unknown work unit nosuch");
      expect(code).toBe(1);
    });
  });

  describe("results", () => {
    test("come line by line as they are written", async () => {
      const gate = `gate-${road}`;
      const id = await submit("gated", "-n", place().file(gate));
      await using client = await start("work", "results", id);
      await client.line(/^first$/, soon());
      expect(client.stdout()).toBe("first\n");
      expect(await unit(id)).toMatchObject({ StateName: "Running", StdoutSize: 6 });
      place().write(gate, "");
      await client.line(/^second$/, soon());
      expect(await client.ended).toMatchObject({ code: 0 });
      expect(client.stdout()).toBe("first\nsecond\n");
    });

    test("of a unit that ended come as often as one likes", async () => {
      const id = await submit("cat", "-l", "kept");
      for (const _ of [1, 2]) expect(await ctl("work", "results", id)).toMatchObject({ code: 0, stdout: "kept\n" });
    });

    test("of a unit that failed end with 1 and its exit code in words", async () => {
      const { code, stdout, stderr } = await ctl("work", "results", await submit("fails", "-n"));
      expect(stdout).toBe("before\n");
      expect(stderr).toContain("Remote unit failed: exit status 7");
      expect(code).toBe(1);
    });

    test("of an unknown unit end with 1", async () => {
      const { code, stderr } = await ctl("work", "results", "nosuch");
      expect(stderr).toContain("unknown work unit nosuch");
      expect(code).toBe(1);
    });
  });

  describe("cancel", () => {
    test("ends a running unit; its results end with what it wrote until then", async () => {
      const id = await submit("gated", "-n", never);
      await using follower = await start("work", "results", id);
      await follower.line(/^first$/, soon());
      expect(await ctl("work", "cancel", id)).toMatchObject({ code: 0, stdout: `Cancelled:\n(${id}, cancelled)\n` });
      expect(await unit(id)).toMatchObject({ State: 4, StateName: "Canceled", Detail: "Canceled", StdoutSize: 6 });
      expect(await follower.ended).toMatchObject({ code: 0 });
      expect(await ctl("work", "results", id)).toMatchObject({ code: 0, stdout: "first\n" });
    });

    test("of a unit that ended changes nothing", async () => {
      const id = await submit("cat", "-l", "x");
      await ctl("work", "results", id);
      expect(await ctl("work", "cancel", id)).toMatchObject({ code: 0, stdout: `Cancelled:\n(${id}, cancelled)\n` });
      expect(await unit(id)).toMatchObject({ StateName: "Succeeded" });
    });

    test("takes several units, and stops with 1 at one it does not know", async () => {
      const ids = [await submit("gated", "-n", never), await submit("gated", "-n", never)];
      const { code, stdout, stderr } = await ctl("work", "cancel", ...ids, "nosuch");
      expect(stdout).toBe(`Cancelled:\n${ids.map((id) => `(${id}, cancelled)\n`).join("")}`);
      expect(stderr).toContain("nosuch: ERROR: unknown work unit nosuch");
      expect(code).toBe(1);
    });
  });

  describe("release", () => {
    const expectGone = async (id: string) => {
      expect(existsSync(unitFile(place(), id))).toBe(false);
      expect((await ctl("work", "results", id)).stderr).toContain(`unknown work unit ${id}`);
    };

    test("deletes a unit that ended", async () => {
      const id = await submit("cat", "-l", "x");
      await ctl("work", "results", id);
      expect(await ctl("work", "release", id)).toMatchObject({ code: 0, stdout: `Released:\n(${id}, released)\n` });
      await expectGone(id);
    });

    test.each([{ how: [] }, { how: ["--force"] }])("$how ends a running unit first", async ({ how }) => {
      const id = await submit("gated", "-n", never);
      await using follower = await start("work", "results", id);
      await follower.line(/^first$/, soon());
      const answer = await ctl("work", "release", ...how, id);
      expect(answer).toMatchObject({ code: 0, stdout: `Released:\n(${id}, released)\n` });
      await follower.ended;
      await expectGone(id);
    });

    test("of an unknown unit ends with 1", async () => {
      const { code, stderr } = await ctl("work", "release", "nosuch");
      expect(stderr).toContain("nosuch: ERROR: unknown work unit nosuch");
      expect(code).toBe(1);
    });

    test("--all deletes every unit", async () => {
      const running = await submit("gated", "-n", never);
      const ended = await submit("cat", "-n");
      const { code, stdout } = await ctl("work", "release", "--all");
      for (const id of [running, ended]) expect(stdout).toContain(`(${id}, released)\n`);
      expect(code).toBe(0);
      expect(unitsIn(await ctl("work", "list"))).toEqual({});
    });
  });
});
