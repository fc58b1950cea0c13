import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type TempFolder, tempFolder } from "../../test/kit/temp-folder.ts";
import { testTerminal } from "../../test/kit/test-terminal.ts";
import { silentLog } from "#core";
import { loadService } from "#worker";
import { commands } from "./commands.ts";
import { runProgram } from "./program.ts";

/** Run a command line as a user whose folders are in `folder`; gives what it printed. */
async function farhand(folder: TempFolder, argv: readonly string[], input = "") {
  const { terminal, out, err } = testTerminal(input);
  const env = { XDG_CONFIG_HOME: folder.path, XDG_STATE_HOME: folder.path, XDG_RUNTIME_DIR: folder.path };
  const exit = await runProgram(["worker", ...argv, "--session"], commands, { ...terminal, env });
  return { exit, out: out.join("\n"), err: err.join("\n") };
}

function configure(folder: TempFolder, text: string): string {
  const file = folder.file("farhand/worker.yaml");
  mkdirSync(folder.file("farhand"), { recursive: true });
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

test("farhand worker doctor: a line for each check with its cure, and the number of failures (CAT-113)", async () => {
  await using folder = await tempFolder();
  configure(folder, "nonsense: 1\n");
  const { exit, out } = await farhand(folder, ["doctor"]);
  expect(exit).toBe(1);
  expect(out).toMatch(/^fail +configuration +\/nonsense: there is no such key\n +→ .+/m);
  expect(out).toMatch(/^1 failure, 1 warning$/m);
  configure(folder, "identity: {name: w1}\n");
  const well = await farhand(folder, ["doctor", "--json"]);
  expect(well.exit).toBe(0);
  expect(JSON.parse(well.out)).toContainEqual(expect.objectContaining({ check: "configuration", kind: "ok" }));
});

test("CAT-113: doctor asks the worker that is named, and finds that of an appliance by itself", async () => {
  await using folder = await tempFolder();
  // Its files are all in the state folder, its socket too.
  const env = { XDG_STATE_HOME: folder.path, XDG_CONFIG_HOME: folder.file("farhand/config") };
  mkdirSync(folder.file("farhand/config/farhand"), { recursive: true, mode: 0o700 });
  writeFileSync(folder.file("farhand/config/farhand/worker.yaml"), "identity: {name: beside}\n", { mode: 0o600 });
  const socket = folder.file("farhand/run/worker.sock");
  const doctor = async (given: readonly string[], own: Record<string, string>) => {
    const { terminal, out, err } = testTerminal("");
    const exit = await runProgram(["worker", "doctor", "--json", ...given], commands, { ...terminal, env: own });
    const findings = JSON.parse(out.join("")) as { check: string; kind: string; says: string }[];
    return { exit, err: err.join("\n"), service: findings.find(({ check }) => check === "service"), findings };
  };
  const elsewhere = { XDG_STATE_HOME: folder.path, XDG_CONFIG_HOME: folder.path, XDG_RUNTIME_DIR: folder.file("none") };
  const { startService } = await loadService();
  const service = await startService({ mode: "session", env, log: silentLog });
  const runs = { kind: "ok", says: expect.stringContaining(`${process.pid}`) as string };
  try {
    expect(await doctor(["--socket", socket], {})).toMatchObject({ exit: 0, service: runs });
    expect(await doctor([], { ...elsewhere, FARHAND_WORKER_SOCKET: socket })).toMatchObject({ service: runs });
    expect(await doctor([], elsewhere)).toMatchObject({ exit: 0, service: runs });
    // Whoever says which one is not sent to another.
    const chosen = await doctor(["--session"], elsewhere);
    expect(chosen.findings).toContainEqual(expect.objectContaining({ check: "configuration file", kind: "warning" }));
  } finally {
    await service.close("stopped");
  }
  const silent = await doctor(["--socket", socket], {});
  expect(silent).toMatchObject({ exit: 1, findings: [{ check: "socket", kind: "fail" }] });
});

test("doctor says whom it looked at, and how another one is named", async () => {
  await using folder = await tempFolder();
  const { err } = await farhand(folder, ["doctor"]);
  expect(err).toContain(`looked at the session worker in ${folder.file("farhand")}; --socket FILE names another`);
});

test("farhand worker reset shows its steps and asks before it does them (CAT-115, CAT-116)", async () => {
  await using folder = await tempFolder();
  const file = configure(folder, "legacyPassword: {hash: $argon2id$lost}\n");
  const refused = await farhand(folder, ["reset", "--password"], "n\n");
  expect(refused).toMatchObject({ exit: 1, err: expect.stringContaining("clear the service password") as string });
  expect(readFileSync(file, "utf8")).toContain("argon2id");
  const done = await farhand(folder, ["reset", "--password"], "yes\n");
  expect(done).toMatchObject({ exit: 0, out: "password: there is no service password" });
  expect(readFileSync(file, "utf8")).not.toContain("argon2id");
  const all = await farhand(folder, ["reset", "--all", "--yes", "--json"]);
  expect(JSON.parse(all.out)).toHaveLength(5);
  await expect(farhand(folder, ["reset"])).rejects.toMatchObject({ code: "USAGE" });
  await expect(farhand(folder, ["reset", "--all", "--system"])).rejects.toMatchObject({ code: "USAGE" });
});

test("farhand worker support makes a folder to read before it is sent (CAT-118)", async () => {
  await using folder = await tempFolder();
  configure(folder, "server: {urls: [], enrolmentToken: hush-hush-token}\n");
  const { out } = await farhand(folder, ["support", "-o", folder.file("bundle")]);
  expect(out).toBe(folder.file("bundle"));
  expect(readdirSync(out)).toContain("doctor.json");
  for (const name of readdirSync(out)) expect(readFileSync(`${out}/${name}`, "utf8")).not.toContain("hush-hush-token");
});

test("farhand worker install --print shows the unit file and touches nothing (CAT-2)", async () => {
  const { terminal, out } = testTerminal();
  const words = ["install", "--print", "--user", "capture", "--capability", "CAP_NET_RAW", "--writable", "/srv"];
  await runProgram(["worker", ...words], commands, terminal);
  expect(out.join("\n")).toMatch(/^User=capture\nGroup=capture$/m);
  expect(out.join("\n")).toMatch(/^AmbientCapabilities=CAP_NET_RAW$/m);
  expect(out.join("\n")).toMatch(/^ExecStart=.* worker start --system$/m);
  for (const wrong of [
    ["--user", "a b"],
    ["--capability", "raw"],
    ["--writable", "srv"],
  ])
    await expect(runProgram(["worker", "install", "--print", ...wrong], commands, terminal)).rejects.toMatchObject({
      code: "USAGE",
    });
});
