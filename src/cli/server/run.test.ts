import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type CliSession,
  cliSession,
  loggedIn,
  loginWords,
  runWork,
  type Said,
} from "../../../test/kit/cli-session.ts";
import { cuttingProxy } from "../../../test/kit/cutting-proxy.ts";
import { programs } from "../../../test/kit/daemon.ts";
import { type TestServer, testServer } from "../../../test/kit/server.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";

const poll = { timeout: 60_000, interval: 50 };

let folder: TempFolder;
let server: TestServer;
let session: CliSession;

beforeAll(async () => {
  folder = await tempFolder();
  server = await testServer();
  const capture = { worktype: "capture", interfaces: ["lo"], filters: { web: "tcp port 80" }, requiredfilter: "ip" };
  const cat = { "work-command": { worktype: "cat", command: "cat" } };
  await server.worker("shed", [runWork, cat, { "work-tool": capture }]);
  session = await loggedIn(server, folder.path);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

const farhand = (...words: string[]) => session.farhand(...words);

async function scriptFile(name: string, ...lines: string[]): Promise<string> {
  const path = folder.file(name);
  await writeFile(path, `${lines.join("\n")}\n`);
  return path;
}

describe("farhand run", () => {
  test("sends a script along, prints its output, and ends with its exit code", async () => {
    const script = await scriptFile(
      "greet.sh",
      "#!/bin/bash",
      'echo "$GREETING, ${1^^}, $(basename "$0"), $#"',
      "exit 7",
    );
    const said = await farhand("run", "shed", "--env", "GREETING=it's", "--", script, "you", "two words");
    expect(said).toMatchObject({ out: "it's, YOU, greet.sh, 2\n", exit: 7 });
    expect(said.err).toEqual([
      expect.stringMatching(/^unit \w+ started on shed$/),
      expect.stringMatching(/^unit \w+ failed with exit code 7: 23 B of output/),
    ]);
  });

  test("a word without a slash is a command there", async () => {
    expect(await farhand("run", "shed", "--", "printf", "%s|", "a b", "it's", "")).toMatchObject({
      out: "a b|it's||",
      exit: 0,
    });
    expect(await farhand("run", "shed", "--", "./nosuch.sh")).toMatchObject({ out: "", exit: 2 });
  });

  test("what its output says of its progress is shown by farhand progress, and its end", async () => {
    const line = '::progress {"done":1,"total":2,"text":"half"}';
    const { err } = await farhand("run", "shed", "--", "printf", "%s\\n", line, "noise");
    const unit = /^unit (\w+) started/.exec(err[0] ?? "")?.[1] ?? "";
    const { out, exit } = await farhand("progress", "shed", unit);
    expect(out).toContain("50 %  1/2  half\nSucceeded: ");
    expect(exit).toBe(0);
    const { out: json } = await farhand("progress", "shed", unit, "--json");
    const said: unknown[] = json
      .trim()
      .split("\n")
      .map((text) => JSON.parse(text) as unknown);
    expect(said).toMatchObject([
      { command: "PROGRESS", done: 1 },
      { command: "FINISHED", state: "Succeeded", exit: 0 },
    ]);
    expect(await farhand("progress", "shed", "nosuch12")).toMatchObject({ out: "", exit: 4 });
  });

  test("a script has nothing on its stdin, and leaves nothing behind", async () => {
    const script = await scriptFile("look.sh", 'cat; dirname "$0"');
    const { out } = await farhand("run", "shed", "--", script);
    expect(out).toMatch(/^\/.*\n$/);
    expect(await farhand("run", "shed", "--", "test", "-e", out.trim())).toMatchObject({ exit: 1 });
  });

  test("on a worker that is away it fails at once, by its name, and calls nothing started", async () => {
    const gone = await server.worker("gone", [runWork]);
    await gone.close("stopped");
    await expect.poll(async () => (await farhand("workers", "--state", "stopped")).out, poll).toContain("gone");
    const said = await farhand("run", "gone", "--", "true");
    expect(said).toMatchObject({ out: "", exit: 5 });
    expect(said.err).toEqual([
      "farhand: the worker gone is not connected",
      expect.stringMatching(/^try: `farhand workers`/),
    ]);
  });

  test("another work type gets the payload and the words", async () => {
    await writeFile(folder.file("letter"), "dear you\n");
    expect(await farhand("run", "shed", "--type", "cat", "-p", folder.file("letter"))).toMatchObject({
      out: "dear you\n",
      exit: 0,
    });
    expect(await farhand("run", "shed", "--type", "nosuch", "-n")).toMatchObject({ exit: 2, out: "" });
  });

  test("a tool ends it with its own exit code, also where the worker refuses it before there is a unit", async () => {
    const tool = (type: string, params: object) =>
      farhand("run", "shed", "--type", type, "-n", "--param", `params=${JSON.stringify(params)}`);
    expect(await tool("capture", { filter: "@nosuch" })).toMatchObject({ out: "", exit: 12 });
    expect(await tool("capture", { packets: 0 })).toMatchObject({ out: "", exit: 2 });
    const unknown = await tool("capture", { filter: "tcp port nosuchport" });
    expect(unknown.exit, unknown.err.join("\n")).toBe(12);
    expect(await tool("capture", { seconds: 1, filter: "@web" })).toMatchObject({ exit: 0 });
  });

  test("a tool whose output nobody reads any more is cancelled, and the exit code is that of SIGPIPE", async () => {
    for (const words of [
      ["run", "shed", "--type", "capture", "-n", "--param", 'params={"filter":"@web"}'],
      ["capture", "shed", "--filter", "@web"],
    ]) {
      const child = spawn(process.execPath, [programs.farhand, ...words], {
        env: { ...process.env, ...session.env },
        stdio: ["ignore", "pipe", "ignore"],
      });
      const exited = once(child, "exit");
      await once(child.stdout, "data");
      child.stdout.destroy();
      const sending = setInterval(() => connect(80, "127.0.0.1").on("error", () => undefined), 100);
      expect(await exited).toEqual([141, null]);
      clearInterval(sending);
      const units = JSON.parse((await farhand("units", "list", "shed", "--json")).out) as Record<string, unknown>[];
      const captures = units.filter(({ workType }) => workType === "capture");
      expect(captures.filter(({ stateName }) => stateName === "Running")).toEqual([]);
      expect(captures.some(({ stateName }) => stateName === "Canceled")).toBe(true);
    }
  });

  test("--json reports on stderr, because stdout has the output", async () => {
    const { out, err, exit } = await farhand("run", "shed", "--json", "--", "echo", "hi");
    expect([out, exit]).toEqual(["hi\n", 0]);
    expect(JSON.parse(err.join(""))).toMatchObject({ worker: "shed", end: 3, verified: true, exit: 0 });
  });

  test("--detach leaves it running; units list, show, output and release find it", async () => {
    const { out } = await farhand("run", "shed", "--detach", "--", "echo", "later");
    const unit = out.trim();
    expect(await farhand("units", "output", "shed", unit)).toMatchObject({ out: "later\n", exit: 0 });
    expect(await farhand("units", "output", "shed", unit, "--from", "2")).toMatchObject({ out: "ter\n", exit: 0 });
    expect((await farhand("units", "list", "shed")).out).toContain(unit);
    expect(JSON.parse((await farhand("units", "show", "shed", unit, "--json")).out)).toMatchObject({ exitCode: 0 });
    expect((await farhand("units", "show", "shed", unit)).out).toContain("Succeeded, exit code 0");
    expect(await farhand("units", "release", "shed", unit)).toMatchObject({ exit: 0 });
    expect(await farhand("units", "show", "shed", unit)).toMatchObject({ exit: 4 });
  });

  test("a worker that is none, or not for us, is said with what to try", async () => {
    const { exit, err } = await farhand("run", "nosuch", "--", "true");
    expect(exit).toBe(4);
    expect(err).toContain("try: `farhand workers` lists those you may see");
  });
});

describe("Ctrl-C", () => {
  test("cancels the unit, waits for its end, and is exit code 130", async () => {
    const { said, unit } = await interrupted("SIGINT");
    expect(said.exit).toBe(130);
    expect(JSON.parse((await farhand("units", "show", "shed", unit, "--json")).out)).toMatchObject({
      stateName: "Canceled",
    });
  });

  test("twice leaves the unit running, and says how to come back", async () => {
    const { said, unit } = await interrupted("SIGINT", "SIGINT");
    expect(said.exit).toBe(130);
    expect(said.err.join("\n")).toMatch(
      new RegExp(`try: \`farhand units output shed ${unit}( --from 3)?\` to come back`),
    );
    expect(JSON.parse((await farhand("units", "show", "shed", unit, "--json")).out)).toMatchObject({ state: 1 });
    expect(await farhand("units", "cancel", "shed", unit)).toMatchObject({ exit: 0 });
  });
});

/** A unit that would take long, with these signals once it has said something. */
async function interrupted(...signals: ("SIGINT" | "SIGTERM")[]): Promise<{ said: Said; unit: string }> {
  const chunks: string[] = [];
  const write = async (chunk: Uint8Array): Promise<void> => {
    chunks.push(Buffer.from(chunk).toString());
    // As the terminal does it, without a real signal that other tests would feel.
    if (chunks.join("") === "up\n") for (const signal of signals) process.emit(signal);
  };
  const said = await session.farhandOn({ write }, "run", "shed", "--", "sh", "-c", "echo up; sleep 300");
  const [, unit = ""] = /^unit (\w+) started/m.exec(said.err.join("\n")) ?? [];
  return { said, unit };
}

test("a connection that is cut again and again loses no byte", async () => {
  await using proxy = await cuttingProxy(server.api.address.port);
  const behind = cliSession(folder.file("behind"));
  const { exit } = await behind.farhand(...(await loginWords(server, folder.path, `https://127.0.0.1:${proxy.port}`)));
  expect(exit).toBe(0);
  const counting = "for n in $(seq 1 40); do echo line $n; sleep 0.05; done; exit 3";
  let cuts = 0;
  let out = "";
  const write = async (chunk: Uint8Array): Promise<void> => {
    out += Buffer.from(chunk).toString();
    if (cuts < 4 && out.split("\n").length > 8 * (cuts + 1)) {
      cuts++;
      proxy.cut();
    }
  };
  const said = await behind.farhandOn({ write }, "run", "shed", "--", "sh", "-c", counting);
  expect(cuts).toBe(4);
  expect(out).toBe(Array.from({ length: 40 }, (_, n) => `line ${n + 1}\n`).join(""));
  expect(said.exit).toBe(3);
  expect(said.err.join("\n")).toContain("connected again; going on at byte");
});

test("an answer that gets lost behind the payload makes no second unit, and no doubt", async () => {
  await using proxy = await cuttingProxy(server.api.address.port);
  const behind = cliSession(folder.file("doubtful"));
  await behind.farhand(...(await loginWords(server, folder.path, `https://127.0.0.1:${proxy.port}`)));
  const before = JSON.parse((await farhand("units", "list", "shed", "--json")).out) as unknown[];
  const cutting = (async () => {
    // The unit is there before the answer has come through the proxy, or just after: both must do.
    for (;;) {
      const now = JSON.parse((await farhand("units", "list", "shed", "--json")).out) as unknown[];
      if (now.length > before.length) return proxy.cut();
    }
  })();
  const said = await behind.farhand("run", "shed", "--", "sh", "-c", "sleep 1; echo done");
  await cutting;
  expect(said, said.err.join("\n")).toMatchObject({ exit: 0, out: "done\n" });
  const after = JSON.parse((await farhand("units", "list", "shed", "--json")).out) as unknown[];
  expect(after).toHaveLength(before.length + 1);
});
