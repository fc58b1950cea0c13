import { existsSync, readFileSync, statSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { freshBuild, programs } from "../kit/daemon.ts";
import { runProcess } from "../kit/processes.ts";
import { describeWithReceptorctl, receptorctl, startReceptorctl } from "../kit/receptorctl.ts";
import { alpha, gated, unitIdIn, unitsIn, workerPlace } from "./worker.ts";

const cat = `- work-command: {worktype: cat, command: cat}\n`;
const soon = () => AbortSignal.timeout(60_000);
const receptor = (...args: string[]) => runProcess(process.execPath, [programs.receptor, ...args]);

beforeAll(freshBuild);

describe("the control socket", () => {
  test.each([
    ["0600 unless told otherwise", "", 0o600],
    ["as a YAML octal number", ", permissions: 0660", 0o660],
    ["as text", `, permissions: "0666"`, 0o666],
  ])("has its permissions: %s", async (_name, permissions, mode) => {
    await using place = await workerPlace(alpha.replace(`/s"}`, `/s"${permissions}}`));
    await using _daemon = await place.start();
    expect(statSync(place.socket).mode & 0o777).toBe(mode);
  });

  test("is refused to a second daemon, which names the first; that one goes on", async () => {
    await using place = await workerPlace(alpha);
    await using first = await place.start();
    const second = place.write("second.yml", alpha.replaceAll("{place}", place.path).replace("id: alpha", "id: beta"));
    const { code, stdout } = await receptor("-c", second);
    expect(stdout.trimEnd().split("\n")).toEqual([
      `Error: another daemon (node alpha, process ${first.pid}) serves ${place.socket} and holds its lock: ` +
        "stop it or choose another filename",
    ]);
    expect(code).toBe(1);
    await using again = await place.start();
    expect(again.nodeId).toBe("alpha");
  });

  test("of a daemon that was killed is replaced", async () => {
    await using place = await workerPlace(alpha);
    const killed = await place.start();
    await killed.stop("SIGKILL");
    expect(existsSync(place.socket)).toBe(true);
    await using daemon = await place.start();
    expect(daemon.nodeId).toBe("alpha");
  });

  test("is not made where another file stands", async () => {
    await using place = await workerPlace(alpha);
    place.write("s", "precious");
    const { code, stdout } = await receptor("-c", place.settings);
    expect(stdout).toContain(`${place.socket} exists and is no socket`);
    expect(code).toBe(1);
    expect(readFileSync(place.socket, "utf8")).toBe("precious");
  });
});

describe("a data folder", () => {
  test("serves one daemon of a node at a time", async () => {
    await using place = await workerPlace(alpha);
    await using _daemon = await place.start();
    const second = place.write("second.yml", alpha.replaceAll("{place}", place.path).replace('/s"', '/s2"'));
    const { code, stdout } = await receptor("-c", second);
    expect(stdout).toContain(`another daemon runs node alpha in ${place.dataDir}`);
    expect(code).toBe(1);
  });
});

describe.each(["SIGTERM", "SIGINT"] as const)("%s", (signal) => {
  test("stops the daemon cleanly: exit 0, the socket is gone, the next one starts", async () => {
    await using place = await workerPlace(alpha + cat);
    const daemon = await place.start();
    expect(await daemon.stop(signal)).toEqual({ code: 0, signal: null });
    expect(existsSync(place.socket)).toBe(false);
    await using next = await place.start();
    expect(next.nodeId).toBe("alpha");
  });
});

describeWithReceptorctl("units", () => {
  test.each(["SIGTERM", "SIGKILL"] as const)(
    "outlive their daemon ended by %s, and are there when it is back",
    async (signal) => {
      await using place = await workerPlace(alpha + cat + gated);
      const first = await place.start();
      const ended = unitIdIn(await place.ctl("work", "submit", "cat", "-l", "kept"));
      expect((await place.ctl("work", "results", ended)).stdout).toBe("kept\n");
      const running = unitIdIn(await place.ctl("work", "submit", "gated", "-n", place.file("gate")));
      const waiting = unitIdIn(await place.ctl("work", "submit", "gated", "-n", place.file("other-gate")));
      await using follower = await startReceptorctl(place.socket, "work", "results", running);
      await follower.line(/^first$/, soon());
      const before = unitsIn(await place.ctl("work", "list"));
      await first.stop(signal);
      await follower.ended;
      expect(follower.stdout()).toBe("first\n");
      expect((await receptorctl(place.socket, "status")).code).toBe(1);

      await using _second = await place.start();
      const after = unitsIn(await place.ctl("work", "list"));
      expect(after[ended]).toEqual(before[ended]);
      expect(after[running]).toMatchObject({ StateName: "Running", ExtraData: before[running]?.ExtraData });
      place.write("gate", "");
      expect(await place.ctl("work", "results", running)).toMatchObject({ code: 0, stdout: "first\nsecond\n" });
      expect(await place.ctl("work", "results", ended)).toMatchObject({ code: 0, stdout: "kept\n" });
      expect(await place.ctl("work", "cancel", waiting)).toMatchObject({ code: 0 });
      expect(unitsIn(await place.ctl("work", "list"))).toMatchObject({
        [running]: { StateName: "Succeeded", ExitCode: 0 },
        [waiting]: { StateName: "Canceled" },
      });
    },
  );

  test("that end while no daemon runs have ended when it is back", async () => {
    await using place = await workerPlace(alpha + gated);
    const first = await place.start();
    const id = unitIdIn(await place.ctl("work", "submit", "gated", "-n", place.file("gate")));
    await first.stop("SIGKILL");
    place.write("gate", "");
    await using _second = await place.start();
    expect(await place.ctl("work", "results", id)).toMatchObject({ code: 0, stdout: "first\nsecond\n" });
    expect(unitsIn(await place.ctl("work", "list"))[id]).toMatchObject({ StateName: "Succeeded", Cause: "EXITED" });
  });

  test("whose type is gone from the file stay, and can be released", async () => {
    await using place = await workerPlace(alpha + cat);
    const first = await place.start();
    const id = unitIdIn(await place.ctl("work", "submit", "cat", "-l", "kept"));
    expect((await place.ctl("work", "results", id)).stdout).toBe("kept\n");
    await first.stop();
    place.write("settings.yml", alpha.replaceAll("{place}", place.path));
    await using _second = await place.start();
    expect((await place.ctl("work", "results", id)).stdout).toBe("kept\n");
    expect(await place.ctl("work", "release", id)).toMatchObject({ code: 0 });
    expect(unitsIn(await place.ctl("work", "list"))).toEqual({});
  });
});
