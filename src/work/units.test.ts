import { createHash } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { beforeAll, describe, expect, test, vi } from "vitest";
import {
  builtHelpers,
  ended,
  eventually,
  openTestNode,
  outputOf,
  patience,
  processesOfUnit,
  quoted,
  shell,
  written,
} from "../../test/kit/units.ts";
import { UnitState } from "./wire.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

const isRoot = process.getuid?.() === 0;

describe("a unit that runs", () => {
  test("gets its payload, writes its own output, and ends with all that is known of it", async () => {
    await using node = await openTestNode();
    const unit = await node.start("cat; echo to stderr >&2", { input: "payload\n" });
    const status = await ended(unit);
    expect(outputOf(unit)).toBe("payload\nto stderr\n");
    expect(status).toMatchObject({
      State: UnitState.Succeeded,
      Detail: "exit status 0",
      StdoutSize: 18,
      WorkType: "sh",
      ExtraData: { Pid: expect.any(Number), Params: `-c ${quoted("cat; echo to stderr >&2")}` },
      ExitCode: 0,
      Cause: "EXITED",
      StdoutSha256: createHash("sha256").update(outputOf(unit)).digest("hex"),
    });
    const times = [status.CreatedAt, status.StartedAt, status.FinishedAt].map((time) => Date.parse(time ?? ""));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(status.RunSeconds).toBeGreaterThanOrEqual(0);
  });

  test("has Receptor's private files, and the same status on disk as in memory", async () => {
    await using node = await openTestNode();
    const unit = await node.start("echo x");
    const status = await ended(unit);
    const files = readdirSync(unit.folder.dir).sort();
    expect(files).toEqual(["process", "status", "status.lock", "stdin", "stdout"]);
    for (const name of files) expect(statSync(`${unit.folder.dir}/${name}`).mode & 0o777).toBe(0o600);
    expect(statSync(unit.folder.dir).mode & 0o777).toBe(0o700);
    expect(JSON.parse(readFileSync(unit.folder.status, "utf8"))).toEqual(status);
  });

  test("is Running with its pid while it runs, on disk too", async () => {
    await using node = await openTestNode();
    const unit = await node.start("echo $$; exec sleep 600");
    const pid = Number(await written(unit, "\n"));
    expect(unit.report()).toMatchObject({ StateName: "Running", Detail: `Running: PID ${pid}` });
    await eventually("the status says so", () => JSON.parse(readFileSync(unit.folder.status, "utf8")).State === 1);
    expect(unit.report().StdoutSize).toBe(statSync(unit.folder.stdout).size);
    await node.units.cancel(unit.id, patience());
  });

  test("ends with any exit code its command gives", async () => {
    await using node = await openTestNode();
    const codes = [0, 1, 2, 3, 42, 126, 127, 128, 130, 137, 254, 255];
    const statuses = await Promise.all(codes.map((code) => node.run(`exit ${code}`)));
    expect(statuses.map(({ ExitCode }) => ExitCode)).toEqual(codes);
    expect(statuses.map(({ Detail }) => Detail)).toEqual(codes.map((code) => `exit status ${code}`));
    expect(new Set(statuses.slice(1).map(({ State }) => State))).toEqual(new Set([UnitState.Failed]));
  });

  test.each(["SIGHUP", "SIGINT", "SIGKILL", "SIGPIPE", "SIGTERM", "SIGUSR1", "SIGALRM"] as const)(
    "that is ended by %s from elsewhere says so",
    async (Signal) => {
      await using node = await openTestNode();
      const status = await node.run(`kill -${constants.signals[Signal]} $$; exec sleep 600`);
      expect(status).toMatchObject({ State: UnitState.Failed, Cause: "SIGNALED", Signal });
      expect(status).not.toHaveProperty("ExitCode");
      expect(status.Detail).toMatch(/^signal: /);
    },
  );

  test("ends when its command ends, and counts what that left running", async () => {
    await using node = await openTestNode();
    const unit = await node.start("sleep 600 & setsid sleep 600 & echo left");
    expect(await ended(unit)).toMatchObject({ State: UnitState.Succeeded, LeftRunning: 2 });
    // Each of them was there when the command ended; that it is a sleep yet it need not have been.
    const sleeps = () => processesOfUnit(unit.id).filter(({ command }) => command === "sleep 600").length;
    await eventually("both go on", () => sleeps() === 2);
  });

  test("promises the output up to its end, not what is added later", async () => {
    await using node = await openTestNode();
    const go = node.folder.file("go");
    const unit = await node.start(`echo first; (until [ -e ${go} ]; do sleep 0.02; done; echo later) &`);
    const status = await ended(unit);
    writeFileSync(go, "");
    await written(unit, "later");
    let text = "";
    for await (const chunk of node.units.results(unit, 0, patience())) text += Buffer.from(chunk).toString();
    expect(text).toBe("first\n");
    expect(status.StdoutSha256).toBe(createHash("sha256").update("first\n").digest("hex"));
  });

  test("passes every byte of a large output", async () => {
    await using node = await openTestNode();
    const status = await node.run("head -c 30000000 /dev/zero | tr '\\0' x");
    expect(status.StdoutSize).toBe(30_000_000);
    expect(status.StdoutSha256).toBe(createHash("sha256").update("x".repeat(30_000_000)).digest("hex"));
  });

  test("passes every byte of its params and of its environment", async () => {
    await using node = await openTestNode({ workTypes: [{ ...shell, command: "printf", params: "%s|" }] });
    const words = ["", " ", "two words", "a\nb", "\t", "'\"\\#$`", "ä😀", "x".repeat(100_000)];
    const unit = await node.start("", { params: words.map(quoted).join(" ") });
    await ended(unit);
    expect(outputOf(unit)).toBe(words.map((word) => `${word}|`).join(""));
  });
});

describe("a unit that cannot start", () => {
  const broken = (about: object) => ({ ...shell, workType: "broken", params: "", ...about });

  test.each([
    [
      "a missing program",
      { command: "no-such-program-here" },
      /^exec: "no-such-program-here": executable file not found/,
    ],
    ["a missing path", { command: "/no/such/program" }, /^fork\/exec \/no\/such\/program: no such file or directory$/],
    ["a folder", { command: "/tmp" }, /^fork\/exec \/tmp: permission denied$/],
    ["a file nobody may run", { command: "/etc/passwd" }, /^fork\/exec \/etc\/passwd: permission denied$/],
    ["a missing working folder", { workDir: "/no/such/folder" }, /^the working folder .*: no such file or directory$/],
    ["an unknown user", { user: "nobody-has-this-name" }, /"nobody-has-this-name" is not in \/etc\/passwd/],
  ])("because of %s fails and says why", async (_, about, detail) => {
    await using node = await openTestNode({ workTypes: [broken({ ...about })] });
    await expect(node.start("", { type: "broken", params: "" })).rejects.toMatchObject({ code: "START_FAILED" });
    const [report] = Object.values(node.units.list());
    expect(report).toMatchObject({ State: UnitState.Failed, Cause: "START_FAILED" });
    expect(report?.Detail.replace("Error starting worker: ", "")).toMatch(detail);
    expect(report).not.toHaveProperty("ExitCode");
  });

  test("because of its program's format fails and says so", async () => {
    await using node = await openTestNode({ workTypes: [] });
    const program = node.folder.file("program");
    writeFileSync(program, Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 0]));
    chmodSync(program, 0o755);
    await node.reopen({ workTypes: [broken({ command: program })] });
    await expect(node.start("", { type: "broken", params: "" })).rejects.toThrow(
      `fork/exec ${program}: exec format error`,
    );
  });

  test("because of its params was never made", async () => {
    await using node = await openTestNode({ workTypes: [shell, broken({ allowRuntimeParams: false })] });
    expect(() => node.units.allocate({ workType: "broken", params: { params: "x" } })).toThrow(
      "extra params provided but not allowed",
    );
    expect(() => node.units.allocate({ workType: "sh", params: { params: "'open" } })).toThrow(
      expect.objectContaining({ code: "PARAMS_REFUSED", message: "EOF found when expecting closing quote" }),
    );
    expect(() => node.units.allocate({ workType: "nope", params: {} })).toThrow("unknown work type nope");
    expect(node.units.list()).toEqual({});
    expect(readdirSync(node.unitsDir)).toEqual([]);
  });
});

describe("what a work type sets", () => {
  test("its working folder", async () => {
    await using node = await openTestNode({ workTypes: [{ ...shell, workDir: "/usr" }] });
    const unit = await node.start("pwd");
    await ended(unit);
    expect(outputOf(unit)).toBe("/usr\n");
  });

  test("the names of the environment a command inherits", async () => {
    vi.stubEnv("KEPT_FOR_TEST", "a=b\nc");
    vi.stubEnv("DROPPED_FOR_TEST", "secret");
    await using node = await openTestNode({
      workTypes: [{ ...shell, command: "/usr/bin/env", params: "-0", envAllow: ["KEPT_FOR_TEST", "UNSET_FOR_TEST"] }],
    });
    const unit = await node.start("", { params: "" });
    await ended(unit);
    const own = [`FARHAND_UNIT_ID=${unit.id}`, expect.stringMatching(/^FARHAND_UNIT_REAPER=\d+-\d+$/)];
    expect(outputOf(unit).split("\0").sort()).toEqual(["", ...own, "KEPT_FOR_TEST=a=b\nc"]);
    vi.unstubAllEnvs();
  });

  test("nothing: then a command inherits the daemon's environment, but for what is meant for Farhand", async () => {
    vi.stubEnv("KEPT_FOR_TEST", "");
    vi.stubEnv("FARHAND_FOR_TEST", "secret");
    await using node = await openTestNode();
    const unit = await node.start("env -0");
    await ended(unit);
    const variables = outputOf(unit).split("\0");
    expect(variables).toContain("KEPT_FOR_TEST=");
    expect(variables).toContain(`PATH=${process.env["PATH"]}`);
    const own = [`FARHAND_UNIT_ID=${unit.id}`, expect.stringMatching(/^FARHAND_UNIT_REAPER=\d+-\d+$/)];
    expect(variables.filter((text) => text.startsWith("FARHAND_")).sort()).toEqual(own);
    vi.unstubAllEnvs();
  });

  test.skipIf(!isRoot)("the user a command runs as, with nothing left of root's rights (needs root)", async () => {
    await using node = await openTestNode({ workTypes: [{ ...shell, user: "nobody", workDir: "/" }] });
    chmodSync(node.folder.path, 0o711);
    const made = node.folder.file("made");
    writeFileSync(made, "");
    chmodSync(made, 0o666);
    const unit = await node.start(
      `id -u; id -g; id -G; touch ${made}; grep -E '^(Uid|Gid|CapEff)' /proc/self/status; cat ${unit0(node.unitsDir)} 2>&1`,
    );
    await ended(unit);
    const lines = outputOf(unit).split("\n");
    const { uid, gid } = statSync(unit.folder.stdout);
    expect([uid, gid]).toEqual([0, 0]);
    expect(lines.slice(0, 3)).toEqual(["65534", "65534", "65534"]);
    expect(outputOf(unit)).toMatch(/Uid:\s+65534\s+65534\s+65534\s+65534\n/);
    expect(outputOf(unit)).toMatch(/Gid:\s+65534\s+65534\s+65534\s+65534\n/);
    expect(outputOf(unit)).toMatch(/CapEff:\s+0+\n/);
    expect(outputOf(unit)).toMatch(/Permission denied/);
  });

  test("a limit of run time, also for a command that ignores SIGINT", async () => {
    const limited = { ...shell, maxRunMs: 200, cancelGraceMs: 200 };
    await using node = await openTestNode({ workTypes: [limited] });
    const [polite, stubborn] = await Promise.all([
      node.run("exec sleep 600"),
      node.run("trap '' INT TERM; while :; do sleep 0.05; done"),
    ]);
    const over = { State: UnitState.Failed, Cause: "RUN_TIME_LIMIT" };
    expect(polite).toMatchObject({ ...over, Detail: "run time limit reached (signal: interrupt)", Signal: "SIGINT" });
    expect(stubborn).toMatchObject({ ...over, Detail: "run time limit reached (signal: killed)", Signal: "SIGKILL" });
    expect(stubborn.Reaped).toBeGreaterThanOrEqual(1);
  });

  test("a limit of output, and what was written until the end is kept whole", async () => {
    await using node = await openTestNode({ workTypes: [{ ...shell, maxOutputBytes: 10_000 }] });
    const unit = await node.start("exec yes");
    const status = await ended(unit);
    expect(status).toMatchObject({ State: UnitState.Failed, Cause: "OUTPUT_LIMIT" });
    expect(status.StdoutSize).toBeGreaterThan(10_000);
    expect(status.StdoutSize).toBe(statSync(unit.folder.stdout).size);
    expect(status.StdoutSha256).toBe(createHash("sha256").update(readFileSync(unit.folder.stdout)).digest("hex"));
  });

  test("CAT-92: a limit of processes ends a tree that forks, all of it, and no other unit", async () => {
    await using node = await openTestNode({ workTypes: [{ ...shell, maxProcesses: 20 }] });
    const other = await node.start("sleep 1; echo well");
    // Ever more at once, in other groups and sessions too, and none that waits for its children; bounded, if it were not ended.
    const bomb =
      "grow() { [ $1 -lt 6 ] || return; for i in 1 2 3; do (grow $(($1 + 1))) & setsid sleep 60 & done; sleep 60; }; grow 0";
    const unit = await node.start(bomb);
    const status = await ended(unit);
    expect(status).toMatchObject({ State: UnitState.Failed, Cause: "PROCESS_LIMIT" });
    // Some die of the first signal, the rest are killed: how many of each is the machine's to say. None is left.
    expect(status.LeftRunning).toBeUndefined();
    expect(processesOfUnit(unit.id)).toEqual([]);
    expect(await ended(other)).toMatchObject({ State: UnitState.Succeeded, StdoutSize: 5 });
  });

  test("CAT-92: a limit of memory counts what processes share once", async () => {
    await using node = await openTestNode({ workTypes: [{ ...shell, maxMemoryBytes: 64 * 1024 * 1024 }] });
    const hold = (megabytes: number, then: string) => `exec perl -e 'my $held = "x" x (${megabytes} << 20); ${then}'`;
    const [hog, small, family] = await Promise.all([
      node.run(hold(200, "sleep 60")),
      node.run(hold(10, "select undef, undef, undef, 1")),
      node.run(hold(20, "fork for 1 .. 3; select undef, undef, undef, 1; 1 while wait > 0")),
    ]);
    expect(hog).toMatchObject({ State: UnitState.Failed, Cause: "MEMORY_LIMIT" });
    for (const unit of [small, family]) expect(unit).toMatchObject({ Cause: "EXITED", ExitCode: 0 });
  });

  test("CAT-92: a limit of processor time counts children, also those that have ended", async () => {
    await using node = await openTestNode({ workTypes: [{ ...shell, maxCpuMs: 500, cancelGraceMs: 200 }] });
    const spin = "perl -e 'my $end = (times)[0] + 0.2; 1 while (times)[0] < $end'";
    const [sum, idle] = await Promise.all([node.run(`for i in $(seq 50); do ${spin}; done`), node.run("sleep 1")]);
    expect(sum).toMatchObject({ State: UnitState.Failed, Cause: "CPU_LIMIT" });
    expect(idle).toMatchObject({ Cause: "EXITED", ExitCode: 0 });
  });
});

describe("Units", () => {
  test("allocate() takes an id a peer wants when it is valid and free", async () => {
    await using node = await openTestNode();
    const wanted = (wantedId: string) => node.units.allocate({ workType: "sh", params: {}, wantedId }).id;
    expect(wanted("Wanted0123")).toBe("Wanted0123");
    expect(wanted("Wanted0123")).toMatch(/^[0-9A-Za-z]{8}$/);
    expect(wanted("../evil")).toMatch(/^[0-9A-Za-z]{8}$/);
  });

  test("allocate() takes no id that is a folder or file it does not know", async () => {
    await using node = await openTestNode();
    writeFileSync(`${node.unitsDir}/Foreign1`, "precious");
    expect(node.units.allocate({ workType: "sh", params: {}, wantedId: "Foreign1" }).id).not.toBe("Foreign1");
    expect(readFileSync(`${node.unitsDir}/Foreign1`, "utf8")).toBe("precious");
  });

  test("get() refuses unknown ids and paths in the words peers look for", async () => {
    await using node = await openTestNode();
    for (const id of ["Ab3dEf9h", "", "..", "../alpha", "a/b"]) {
      expect(() => node.units.get(id)).toThrow(
        expect.objectContaining({ code: "UNIT_NOT_FOUND", message: `unknown work unit ${id}` }),
      );
    }
  });

  test("list() is by age, and countByState() counts it", async () => {
    await using node = await openTestNode();
    await node.run("exit 0");
    await node.run("exit 1");
    const held = node.units.allocate({ workType: "sh", params: {} });
    expect(Object.values(node.units.list()).map(({ StateName }) => StateName)).toEqual([
      "Succeeded",
      "Failed",
      "Pending",
    ]);
    expect(Object.keys(node.units.list()).at(-1)).toBe(held.id);
    expect(Object.fromEntries(node.units.countByState())).toEqual({ Succeeded: 1, Failed: 1, Pending: 1 });
  });

  test("receive() fails the unit when the payload breaks off, and nothing is started", async () => {
    await using node = await openTestNode();
    const unit = node.units.allocate({ workType: "sh", params: { params: quoted("echo ran") } });
    const payload = async function* () {
      yield Buffer.from("half of ");
      throw new Error("connection lost");
    };
    await expect(node.units.receive(unit, payload())).rejects.toMatchObject({ code: "PAYLOAD_FAILED" });
    expect(unit.status).toMatchObject({
      State: UnitState.Failed,
      Detail: "Error reading input data: connection lost",
      Cause: "INPUT_FAILED",
    });
    expect(() => node.units.start(unit)).toThrow(expect.objectContaining({ code: "START_FAILED" }));
    expect(existsSync(unit.folder.stdout)).toBe(false);
    await node.reopen();
    expect(node.units.get(unit.id).status).toMatchObject({ State: UnitState.Failed, Cause: "INPUT_FAILED" });
  });

  test("receive() leaves a unit alone that was ended meanwhile", async () => {
    await using node = await openTestNode();
    const unit = node.units.allocate({ workType: "sh", params: { params: quoted("echo ran") } });
    const payload = async function* () {
      yield Buffer.from("half of ");
      await node.units.cancel(unit.id, patience());
      throw new Error("connection lost");
    };
    await expect(node.units.receive(unit, payload())).rejects.toMatchObject({ code: "PAYLOAD_FAILED" });
    const canceled = { State: UnitState.Canceled, Detail: "Canceled", Cause: "CANCELED" };
    expect(unit.status).toMatchObject(canceled);
    expect(JSON.parse(readFileSync(unit.folder.status, "utf8"))).toEqual(unit.status);
    await node.reopen();
    expect(node.units.get(unit.id).status).toEqual(unit.status);
  });

  test("runs many units at once, each to its own end", async () => {
    await using node = await openTestNode();
    const statuses = await Promise.all(Array.from({ length: 60 }, (_, n) => node.run(`echo ${n}; exit ${n}`)));
    expect(statuses.map(({ ExitCode }) => ExitCode)).toEqual(statuses.map((_, n) => n));
    const outputs = Object.keys(node.units.list()).map((id) => outputOf(node.units.get(id)));
    expect(outputs.map(Number).sort((a, b) => a - b)).toEqual(statuses.map((_, n) => n));
  });
});

/** A file that only root may read. */
function unit0(unitsDir: string): string {
  return `${unitsDir}/*/status`;
}
