import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { freshBuild, programs } from "../kit/daemon.ts";
import { freePort } from "../kit/free-port.ts";
import { runProcess, type StartedProcess } from "../kit/processes.ts";
import { describeWithReceptorctl, receptorctl, startReceptorctl } from "../kit/receptorctl.ts";
import { makeCertificates } from "../kit/certificates.ts";
import { type Place, unitIdIn, unitsIn, workerPlace } from "./worker.ts";

const folder = join(import.meta.dirname, "..", "..", "examples");
/** `monitor.yml` is no worker's, and is run by test/e2e/monitor. */
const examples = readdirSync(folder).filter((name) => name.endsWith(".yml") && name !== "monitor.yml");
const soon = () => AbortSignal.timeout(60_000);

/** An example as it stands, but for its places on this machine. */
async function placeOf(example: string, replacements: Record<string, string>): Promise<Place> {
  const text = Object.entries(replacements).reduce(
    (before, [from, to]) => {
      if (!before.includes(from)) throw new Error(`${example} says ${from} no longer`);
      return before.replaceAll(from, to);
    },
    readFileSync(join(folder, example), "utf8"),
  );
  return await workerPlace(text);
}

/**
 * Put a `sleep` of the test's own first in PATH: it sleeps until the test lets one sleeper on. So a test sees what is
 * there while the command sleeps, however slow the machine is.
 */
function patientSleep(place: Place) {
  const script = place.write("sleep", `#!/bin/sh\nuntil rmdir ${place.file("on")}; do /bin/sleep 0.05; done 2>&-\n`);
  return {
    env: { PATH: `${place.path}:${process.env.PATH}` },
    make: () => runProcess("chmod", ["+x", script]),
    letOneOn: () => runProcess("mkdir", [place.file("on")]),
  };
}

/** Lines that a client prints, each while the command sleeps behind it, and nothing ahead of its time. */
async function expectLines(client: StartedProcess, lines: string[], next: () => Promise<unknown>): Promise<void> {
  for (const [n, line] of lines.entries()) {
    await client.line(new RegExp(`^${line}$`), soon());
    expect(client.stdout()).toBe(
      lines
        .slice(0, n + 1)
        .map((text) => `${text}\n`)
        .join(""),
    );
    await next();
  }
}

beforeAll(freshBuild);

test.each(examples)("examples/%s is understood, and can be converted to the other form", async (name) => {
  const farhand = (...args: string[]) => runProcess(process.execPath, [programs.farhand, "config", ...args]);
  expect(await farhand("check", join(folder, name))).toMatchObject({ code: 0 });
  expect(await farhand("convert", join(folder, name))).toMatchObject({ code: 0 });
});

describeWithReceptorctl("examples/foo.yml", () => {
  test("echoint prints 1 to 5 as they come, from a unit that says Job Started", async () => {
    await using place = await placeOf("foo.yml", {
      "{id: foo}": '{id: foo, datadir: "{place}/data"}',
      "/tmp/foo.sock": "{place}/s",
    });
    const sleep = patientSleep(place);
    await sleep.make();
    await using _daemon = await place.start({ env: sleep.env });
    const submitted = await place.ctl("work", "submit", "echoint", "--no-payload");
    expect(submitted.stdout).toMatch(/^Result: Job Started\nUnit ID: \w{8}\n$/);
    const id = unitIdIn(submitted);
    await using results = await startReceptorctl(place.socket, "work", "results", id);
    await expectLines(results, ["1", "2", "3", "4", "5"], sleep.letOneOn);
    expect(await results.ended).toMatchObject({ code: 0 });
    expect(unitsIn(await place.ctl("work", "list"))[id]).toMatchObject({ StateName: "Succeeded", StdoutSize: 10 });
    const files = readdirSync(join(place.dataDir, "foo", id));
    expect(files).toEqual(expect.arrayContaining(["status", "status.lock", "stdin", "stdout"]));
  });

  test("listcontents takes params", async () => {
    await using place = await placeOf("foo.yml", {
      "{id: foo}": '{id: foo, datadir: "{place}/data"}',
      "/tmp/foo.sock": "{place}/s",
    });
    await using _daemon = await place.start();
    place.write("a file", "");
    const { stdout } = await place.ctl("work", "submit", "listcontents", "-n", "-f", place.path);
    expect(stdout).toContain("a file\n");
  });
});

describeWithReceptorctl("examples/bar.yml", () => {
  test("echopayload prints the lines of its payload in capitals as they come", async () => {
    await using place = await placeOf("bar.yml", {
      "id: bar": 'id: bar\n  datadir: "{place}/data"',
      "/tmp/bar.sock": "{place}/s",
    });
    const sleep = patientSleep(place);
    await sleep.make();
    await using _daemon = await place.start({ env: sleep.env });
    const target = { socket: place.socket, input: "hi\ni am foo\n" };
    await using client = await startReceptorctl(target, "work", "submit", "echopayload", "--payload", "-", "-f");
    await expectLines(client, ["HI", "I AM FOO"], sleep.letOneOn);
    expect(await client.ended).toMatchObject({ code: 0 });
    const [id = ""] = readdirSync(join(place.dataDir, "bar"));
    expect(readFileSync(join(place.dataDir, "bar", id, "stdin"), "utf8")).toBe("hi\ni am foo\n");
    expect(readFileSync(join(place.dataDir, "bar", id, "stdout"), "utf8")).toBe("HI\nI AM FOO\n");
  });
});

describeWithReceptorctl("examples/limits.yml", () => {
  const placeWith = async (changes: Record<string, string> = {}) =>
    await placeOf("limits.yml", {
      "/var/lib/farhand": "{place}/data",
      "/run/farhand/limits.sock": "{place}/s",
      "127.0.0.1:9464": `127.0.0.1:${await freePort()}`,
      ...changes,
    });

  test("ends what prints too much, and says so", async () => {
    await using place = await placeWith();
    await using _daemon = await place.start();
    const script = "head --bytes=1500000 /dev/zero; exec sleep 600";
    const id = unitIdIn(await place.ctl("work", "submit", "script", "-l", script));
    expect((await place.ctl("work", "results", id)).code).toBe(1);
    expect(unitsIn(await place.ctl("work", "list"))[id]).toMatchObject({ StateName: "Failed", Cause: "OUTPUT_LIMIT" });
  });

  test("ends what runs too long, and says so", async () => {
    await using place = await placeWith({ "maxruntime: 15m": "maxruntime: 100ms" });
    await using _daemon = await place.start();
    const { code } = await place.ctl("work", "submit", "script", "-l", "exec sleep 600", "-f");
    expect(code).toBe(1);
    expect(Object.values(unitsIn(await place.ctl("work", "list")))).toMatchObject([
      { StateName: "Failed", Cause: "RUN_TIME_LIMIT" },
    ]);
  });

  test("lets two scripts run at once; the third waits for its turn", async () => {
    await using place = await placeWith();
    await using _daemon = await place.start();
    const script = `until test -e ${place.file("gate")}; do sleep 0.05; done; echo done`;
    const results: string[] = [];
    const ids: string[] = [];
    for (const _ of [1, 2, 3]) {
      const answer = await place.ctl("work", "submit", "script", "-l", script);
      results.push(/^Result: (.*)$/m.exec(answer.stdout)?.[1] ?? answer.stderr);
      ids.push(unitIdIn(answer));
    }
    expect(results).toEqual(["Job Started", "Job Started", "Job Submitted"]);
    expect(unitsIn(await place.ctl("work", "list"))[ids[2] ?? ""]).toMatchObject({ StateName: "Pending" });
    place.write("gate", "");
    for (const id of ids) expect((await place.ctl("work", "results", id)).stdout).toBe("done\n");
  });

  test("hands over PATH and LANG alone, and starts scripts where it says", async () => {
    await using place = await placeWith();
    await using _daemon = await place.start({ env: { LANG: "C.UTF-8", SECRET: "x" } });
    const { stdout } = await place.ctl("work", "submit", "script", "-l", "pwd; exec env", "-f");
    const [cwd, ...variables] = stdout.trimEnd().split("\n");
    expect(cwd).toBe("/");
    // The shell adds its own, and the unit is always told its id and who minds it.
    const own = ["PWD", "OLDPWD", "SHLVL", "_", "FARHAND_UNIT_ID", "FARHAND_UNIT_REAPER"];
    const names = variables.map((line) => line.split("=")[0] ?? "").filter((name) => !own.includes(name));
    expect(names.toSorted()).toEqual(["LANG", "PATH"]);
  });

  test("opens its socket to a group, writes JSON lines, and does not make receptorctl warn of another version", async () => {
    await using place = await placeWith();
    await using daemon = await place.start();
    expect(statSync(place.socket).mode & 0o777).toBe(0o660);
    const line = await daemon.line(/Initialization complete/, soon());
    expect(JSON.parse(line)).toMatchObject({ node: "limits" });
    expect((await place.ctl("version")).stderr).toBe("");
  });

  test("serves figures for Prometheus", async () => {
    const port = await freePort();
    await using place = await placeWith({ "127.0.0.1:9464": `127.0.0.1:${port}` });
    await using daemon = await place.start();
    await daemon.line(/Initialization complete/, soon());
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain("farhand_");
  });
});

describeWithReceptorctl("examples/tls.yml", () => {
  test("serves receptorctl, which takes its certificate from the same file", async () => {
    const port = await freePort();
    await using place = await placeOf("tls.yml", {
      "/var/lib/farhand": "{place}/data",
      "/run/farhand/secure.sock": "{place}/s",
      "/etc/farhand": "{place}",
      "127.0.0.1:7323": `127.0.0.1:${port}`,
    });
    await makeCertificates(place.path);
    await using _daemon = await place.start();
    const target = {
      socket: `tls://localhost:${port}`,
      options: ["--config", place.settings, "--tls-client", "operator"],
    };
    expect((await receptorctl(target, "status")).stdout).toContain("Node ID: secure");
    expect((await receptorctl(target, "work", "submit", "uptime", "-n", "-f")).stdout).toContain("load average");
  });
});

describe("the two examples of both forms", () => {
  test("say the same when one is converted to the form of the other", async () => {
    const convert = (name: string) =>
      runProcess(process.execPath, [programs.farhand, "config", "convert", join(folder, name)]);
    expect((await convert("foo.yml")).stdout).toContain("work-commands:");
    expect((await convert("bar.yml")).stdout).toMatch(/^- node:/m);
  });
});
