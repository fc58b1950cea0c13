import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Daemon, freshBuild, programs, startDaemon } from "../kit/daemon.ts";
import { runProcess, startProcess } from "../kit/processes.ts";
import { type TempFolder, tempFolder } from "../kit/temp-folder.ts";

/** Work types for every way to end; `sh` takes its script as a runtime parameter. */
const settings = (socket: string, dataDir: string) => `
- node: {id: foo, datadir: ${dataDir}}
- log-level: {level: Info}
- control-service: {service: control, filename: ${socket}}
- work-command: {worktype: cat, command: cat}
- work-command: {worktype: sh, command: bash, params: "-c", allowruntimeparams: true, cancelgrace: 200ms}
- work-command: {worktype: brief, command: sleep, params: "60", maxruntime: 200ms, cancelgrace: 100ms}
- work-command: {worktype: nosuch, command: /no/such/program}
`;

let folder: TempFolder;
let daemon: Daemon;
let socket: string;

async function start(): Promise<Daemon> {
  return await startDaemon({ program: "farhand", args: ["worker", "-c", folder.file("c.yml")], socket });
}

beforeAll(async () => {
  await freshBuild();
  folder = await tempFolder();
  socket = folder.file("s");
  await writeFile(folder.file("c.yml"), settings(socket, folder.file("d")));
  daemon = await start();
});

afterAll(async () => {
  await daemon?.stop();
  await folder?.[Symbol.asyncDispose]();
});

const env = () => ({
  FARHAND_SOCKET: socket,
  RECEPTORCTL_SOCKET: undefined,
  NO_COLOR: undefined,
  FORCE_COLOR: undefined,
});

const farhand = (...args: string[]) => runProcess(process.execPath, [programs.farhand, ...args], { env: env() });

const farhandWith = (input: string | Uint8Array, ...args: string[]) =>
  runProcess(process.execPath, [programs.farhand, ...args], { env: env(), input });

/** Words of a submit that runs a script and follows it. */
const script = (text: string, ...options: string[]) => [
  "work",
  "submit",
  "sh",
  "-n",
  "-f",
  ...options,
  "--",
  `'${text}'`,
];

async function idOf(text: string): Promise<string> {
  const { stdout } = await farhand("work", "submit", "sh", "-n", "--", `'${text}'`);
  return stdout.trim();
}

describe("work submit -f", () => {
  test.each([0, 1, 2, 7, 42, 126, 127, 128, 200, 255])("ends with the unit's own exit code %d", async (code) => {
    const { code: exit, stdout } = await farhand(...script(`echo out; exit ${code}`, "--rm"));
    expect([exit, stdout]).toEqual([code, "out\n"]);
  });

  test.each([
    ["KILL", 137],
    ["TERM", 143],
    ["SEGV", 139],
  ])("ends with 128 + n when SIG%s ended the unit", async (signal, exit) => {
    expect((await farhand(...script(`kill -${signal} $$`, "--rm"))).code).toBe(exit);
  });

  test("says in prose on stderr what happened, and nothing else than output on stdout", async () => {
    const { stdout, stderr } = await farhand(...script("printf abc; exit 3"));
    expect(stdout).toBe("abc");
    expect(stderr).toMatch(/^unit \w+ started on foo\nunit \w+ failed with exit code 3: 3 B of output in .*\n$/);
  });

  test("with --json stderr is one document and stdout the output", async () => {
    const { stdout, stderr, code } = await farhand(...script("echo out; exit 3", "--json"));
    const sha256 = createHash("sha256").update("out\n").digest("hex");
    expect([stdout, code]).toEqual(["out\n", 3]);
    expect(JSON.parse(stderr)).toMatchObject({
      unitid: expect.stringMatching(/^\w+$/) as string,
      result: "Job Started",
      exit: 3,
      from: 0,
      end: 4,
      verified: true,
      status: { State: 3, ExitCode: 3, StdoutSha256: sha256 },
    });
    expect(JSON.parse(stderr)).not.toHaveProperty("error");
  });

  test("ends with 124 when the unit hit a limit", async () => {
    expect((await farhand("work", "submit", "brief", "-n", "-f")).code).toBe(124);
  });

  test("names the unit that could not be started, whose status says why", async () => {
    const { stdout, stderr, code } = await farhand("work", "submit", "nosuch", "-n", "-f");
    expect([stdout, code]).toEqual(["", 8]);
    const id = /^farhand: unit (\w+) was not started: /.exec(stderr)?.[1] ?? "";
    const status = JSON.parse((await farhand("work", "status", id, "--json")).stdout) as object;
    expect(status).toMatchObject({ StateName: "Failed", Cause: "START_FAILED" });
    expect((await farhand("work", "results", id)).code).toBe(125);
  });

  test("--rm leaves nothing behind", async () => {
    const { stderr } = await farhand(...script("true", "--rm"));
    const id = /unit (\w+) started/.exec(stderr)?.[1] ?? "";
    expect((await farhand("work", "status", id)).code).toBe(4);
  });

  test("binary output of some MiB comes through byte for byte", async () => {
    const bytes = Buffer.alloc(3 * 2 ** 20, "\u0000\u00FF\r\nx", "latin1");
    await writeFile(folder.file("payload"), bytes);
    const hash = createHash("sha256");
    const program = [programs.farhand, "work", "submit", "cat", "-f", "-p", folder.file("payload")];
    const { status, stdout } = spawnSync(process.execPath, program, {
      env: { ...process.env, ...env() },
      maxBuffer: 2 ** 24,
    });
    expect(status).toBe(0);
    expect(hash.update(stdout).digest("hex")).toBe(createHash("sha256").update(bytes).digest("hex"));
  });
});

describe("the payload of work submit", () => {
  test("is what is piped in, a literal line, a file, or nothing", async () => {
    await writeFile(folder.file("p"), "file");
    const submit = ["work", "submit", "cat", "-f", "--rm"];
    expect((await farhandWith("piped", ...submit)).stdout).toBe("piped");
    expect((await farhandWith("dash", ...submit, "-p", "-")).stdout).toBe("dash");
    expect((await farhand(...submit, "-l", "grüße")).stdout).toBe("grüße\n");
    expect((await farhand(...submit, "-p", folder.file("p"))).stdout).toBe("file");
    expect((await farhand(...submit, "-n")).stdout).toBe("");
  });

  test("a terminal is not read unasked", async () => {
    const line = `${process.execPath} ${programs.farhand} work submit cat`;
    const { status, stdout } = spawnSync("script", ["-qec", line, "/dev/null"], {
      env: { ...process.env, ...env() },
      encoding: "utf8",
    });
    expect(stdout).toContain("try: -n for none, -l TEXT for a line, -p FILE for a file");
    expect(status).toBe(2);
  });

  test("that is interrupted starts nothing", async () => {
    await using client = await startProcess(process.execPath, [programs.farhand, "work", "submit", "cat", "-p", "-"], {
      env: env(),
      stdin: "open",
    });
    client.child.stdin?.write("half of it");
    for (let seen = ""; !seen.includes("Waiting for Input Data"); await sleep(20)) {
      seen = (await farhand("work", "list")).stdout;
    }
    expect((await client.stop("SIGINT")).code).toBe(130);
    expect(client.stderr()).toContain("nothing was started");
    for (let seen = "Pending"; seen.includes("Pending"); await sleep(20)) seen = (await farhand("work", "list")).stdout;
    const { stdout } = await farhand("work", "list", "--json");
    expect(Object.values(JSON.parse(stdout) as object)).toContainEqual(
      expect.objectContaining({ Cause: "INPUT_FAILED", StdoutSize: 0 }) as object,
    );
  });
});

describe("Ctrl-C while following", () => {
  const slow = script("echo one; sleep 60");

  test("leaves the unit running and says how to come back", async () => {
    await using client = await startProcess(process.execPath, [programs.farhand, ...slow], { env: env() });
    await client.line(/^one$/);
    expect((await client.stop("SIGINT")).code).toBe(130);
    const [, id = "", from = ""] = /farhand work results (\w+) --from (\d+)/.exec(client.stderr()) ?? [];
    expect(from).toBe("4");
    expect(JSON.parse((await farhand("work", "status", id, "--json")).stdout)).toMatchObject({ StateName: "Running" });
    expect((await farhand("work", "cancel", id)).stdout).toBe(`${id} cancelled\n`);
    const results = await farhand("work", "results", id);
    expect([results.stdout, results.code]).toEqual(["one\n", 130]);
  });

  test("cancels it with --cancel-on-interrupt", async () => {
    const args = [programs.farhand, ...script("echo one; sleep 60", "--cancel-on-interrupt")];
    await using client = await startProcess(process.execPath, args, { env: env() });
    await client.line(/^one$/);
    expect((await client.stop("SIGINT")).code).toBe(130);
    const id = /unit (\w+) was cancelled/.exec(client.stderr())?.[1] ?? "";
    expect(JSON.parse((await farhand("work", "status", id, "--json")).stdout)).toMatchObject({ StateName: "Canceled" });
  });
});

test("a reader of stdout that goes away ends the program quietly", () => {
  const line = `${process.execPath} ${programs.farhand} work submit sh -n -f -- '"'"'yes'"'"' | head -n 1; echo \${PIPESTATUS[0]}`;
  const text = line.replaceAll(`'"'"'yes'"'"'`, `"'timeout 20 yes'"`);
  const { stdout, stderr } = spawnSync("bash", ["-c", text], {
    env: { ...process.env, ...env() },
    encoding: "utf8",
  });
  expect(stdout).toBe("y\n141\n");
  expect(stderr).toMatch(/^unit \w+ started on foo\n$/);
});

describe("work list, status, cancel, release", () => {
  test("list is a table, ids with -q, and by id with --json", async () => {
    const id = await idOf("exit 5");
    await farhand("work", "results", id);
    expect((await farhand("work", "list")).stdout).toMatch(
      new RegExp(`^${id} {2}Failed +sh +\\S+ +0 B {2}exit status 5$`, "m"),
    );
    expect((await farhand("work", "list", "-q")).stdout.split("\n")).toContain(id);
    const units = JSON.parse((await farhand("work", "list", "--json")).stdout) as Record<string, object>;
    expect(units[id]).toMatchObject({ State: 3, ExitCode: 5 });
    expect((await farhand("--socket", socket, "work", "list", id, "-q")).stdout).toBe(`${id}\n`);
  });

  test("several units are ended one by one, and one that is unknown keeps none of the others", async () => {
    const [one, two] = [await idOf("sleep 60"), await idOf("sleep 60")];
    const { stdout, code } = await farhand("work", "release", one, "nosuchid", two, "--json");
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toEqual([
      { unitid: one, result: "released" },
      {
        unitid: "nosuchid",
        error: {
          code: "UNIT_NOT_FOUND",
          message: "unknown work unit nosuchid",
          remedy: "`farhand work list` shows the units there are",
        },
      },
      { unitid: two, result: "released" },
    ]);
  });

  test("release --all leaves an empty list", async () => {
    await idOf("true");
    expect((await farhand("work", "release", "--all")).code).toBe(0);
    expect((await farhand("work", "list", "--json")).stdout).toBe("{}\n");
    expect(await farhand("work", "list")).toMatchObject({ stdout: "", stderr: "no units\n", code: 0 });
  });
});

describe("errors", () => {
  test.each([
    [["work", "status", "nosuchid"], 4, "UNIT_NOT_FOUND"],
    [["work", "submit", "nosuchtype", "-n"], 2, "WORK_TYPE_UNKNOWN"],
    [["work", "submit", "cat", "-n", "--", "x"], 2, "PARAMS_REFUSED"],
    [["work", "submit", "cat", "-p", "/no/such/file"], 2, "FILE_UNREADABLE"],
    [["work", "results", "nosuchid"], 4, "UNIT_NOT_FOUND"],
    [["status", "--socket", "/no/such/socket"], 5, "SOCKET_MISSING"],
    [["work", "lsit"], 2, "USAGE"],
  ])("%j ends with %d and code %s, without a stack", async (args, exit, code) => {
    const text = await farhand(...args);
    expect([text.code, text.stdout]).toEqual([exit, ""]);
    expect(text.stderr).toMatch(/^farhand: .+\ntry: .+\n$/);
    const end = args.includes("--") ? args.indexOf("--") : args.length;
    const json = await farhand(...args.toSpliced(end, 0, "--json"));
    const document = args.includes("results") ? json.stderr : json.stdout;
    expect(JSON.parse(document)).toMatchObject({ error: { code } });
    expect(json.code).toBe(exit);
  });
});

describe("the node", () => {
  test("status, ping, version and reload", async () => {
    expect(JSON.parse((await farhand("status", "--json")).stdout)).toMatchObject({ NodeID: "foo" });
    expect((await farhand("status")).stdout).toMatch(/^node +foo$/m);
    expect((await farhand("ping", "localhost", "--count", "2", "--delay", "0")).stdout).toMatch(
      /^(reply from foo in .*\n){2}$/,
    );
    expect((await farhand("ping", "nobody", "--count", "1")).code).toBe(5);
    expect((await farhand("traceroute", "foo")).stdout).toMatch(/^ 0 {2}foo /);
    expect((await farhand("version")).stdout).toMatch(/^farhand \d.*\nworker {2}\d.*\n$/);
    expect((await farhand("reload")).stdout).toBe("reloaded\n");
  });

  test("a second worker with the same settings is refused and says what is there", async () => {
    const { code, stderr } = await farhand("worker", "-c", folder.file("c.yml"));
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(/^farhand: another daemon .*\ntry: .*\n$/s);
  });
});

test("completion offers commands, options, and what the worker has", async () => {
  const offered = async (...words: string[]) =>
    (await farhand("complete", "--", ...words)).stdout.split("\n").map((line) => line.split("\t")[0]);
  expect(await offered("wor")).toEqual(["work", "worker", "workers", ":4", ""]);
  expect(await offered("work", "submit", "--no")).toContain("--no-payload");
  expect(await offered("work", "submit", "b")).toEqual(["brief", ":4", ""]);
  const id = await idOf("true");
  expect(await offered("work", "status", "")).toContain(id);
  const { stdout } = await farhand("completion", "bash");
  expect(spawnSync("bash", ["-n"], { input: stdout }).status).toBe(0);
  const [nobody] = await offered("work", "submit", "--socket", "/no/such", "");
  expect(nobody).toBe(":4");
});

describe("a daemon that goes away while its output is followed", () => {
  const counting = script("for i in $(seq 1 40); do echo line $i; sleep 0.05; done");
  const all = Array.from({ length: 40 }, (_, at) => `line ${at + 1}\n`).join("");

  test.each(["SIGKILL", "SIGTERM"] as const)("by %s: following goes on where it was", async (signal) => {
    await using client = await startProcess(process.execPath, [programs.farhand, ...counting], { env: env() });
    await client.line(/^line 5$/);
    await daemon.stop(signal);
    await client.line(/trying again, to go on at byte/);
    daemon = await start();
    expect((await client.ended).code).toBe(0);
    expect(client.stdout()).toBe(all);
    expect(client.stderr()).toContain("succeeded with exit code 0");
  });
});

describe("farhand worker on embedded defaults", () => {
  test("runs in a private folder, takes work, refuses a second one, and stops cleanly, twice", async () => {
    await using home = await tempFolder();
    const defaults = { XDG_STATE_HOME: home.path, FARHAND_SOCKET: undefined, RECEPTORCTL_SOCKET: undefined };
    const run = (...args: string[]) => runProcess(process.execPath, [programs.farhand, ...args], { env: defaults });
    for (let round = 0; round < 2; round++) {
      await using worker = await startDaemon({
        program: "farhand",
        args: ["worker"],
        socket: home.file("farhand/control.sock"),
        env: defaults,
      });
      expect((await run("work", "submit", "uppercase", "-l", "hi there", "-f")).stdout).toBe("HI THERE\n");
      const second = await run("worker");
      expect(second.code).toBe(3);
      expect(second.stderr).toContain(`a worker already runs (pid ${worker.pid})`);
      expect(await worker.stop("SIGINT")).toEqual({ code: 0, signal: null });
    }
  });
});

test("farhand receptor speaks as Receptor does", async () => {
  expect((await farhand("receptor", "--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect((await farhand("receptor", "--help")).stdout).toContain("--control-service");
  const wrong = await farhand("receptor", "--tcp-listener", "port=0", "cost=-1");
  expect([wrong.code, wrong.stdout]).toEqual([1, expect.stringContaining("Error: connection cost must be positive")]);
  const missing = await farhand("receptor", "-c", "/no/such/file");
  expect([missing.code, missing.stdout]).toEqual([1, expect.stringMatching(/^Error: error loading config file/)]);
});

describe("config", () => {
  test("check names place, fault and hint; convert gives the other form", async () => {
    await writeFile(folder.file("bad.yml"), "- node: {id: foo, dtadir: /x}\n- log-level: {level: Deug}\n");
    const check = await farhand("config", "check", folder.file("bad.yml"));
    expect(check.code).toBe(1);
    expect(check.stdout).toMatch(/bad\.yml:1:19: .*dtadir.*\n {4}did you mean datadir\?\n.*bad\.yml:2:22: /);
    expect(JSON.parse((await farhand("config", "check", folder.file("bad.yml"), "--json")).stdout)).toMatchObject([
      { ok: false, faults: [{ line: 1, column: 19, key: "dtadir" }, { line: 2 }] },
    ]);
    expect((await farhand("config", "check", folder.file("c.yml"))).code).toBe(0);
    const map = (await farhand("config", "convert", folder.file("c.yml"))).stdout;
    expect(map).toMatch(/^version: 2\nnode:\n {2}id: foo\n/);
    await writeFile(folder.file("map.yml"), map);
    expect((await farhand("config", "convert", folder.file("map.yml"))).stdout).toMatch(/^- node:\n/);
  });
});

describe("a worker whose log cannot be written", () => {
  test.each([
    ["a full disk", 'exec node "$@" >/dev/full'],
    ["a reader that went away", 'exec node "$@" > >(head -1)'],
  ])("runs on: %s", async (_why, shell) => {
    await using own = await tempFolder();
    const address = own.file("s");
    await writeFile(own.file("c.yml"), settings(address, own.file("d")).replace("Info", "Debug"));
    const worker = await startProcess("bash", ["-c", shell, "bash", programs.receptor, "-c", own.file("c.yml")]);
    try {
      const signal = AbortSignal.timeout(30_000);
      while ((await farhand("--socket", address, "status")).code !== 0) await sleep(50, undefined, { signal });
      const unit = await farhand("--socket", address, "work", "submit", "cat", "-l", "hi", "-f");
      expect(unit).toMatchObject({ code: 0, stdout: "hi\n" });
    } finally {
      await worker.stop();
    }
    expect((await worker.ended).code).toBe(0);
  });
});
