import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { openControlListener } from "#control";
import { silentLog } from "#core";
import {
  builtHelpers,
  eventually,
  openTestNode,
  patience,
  processesOfUnit,
  quoted,
  shell,
} from "../../test/kit/units.ts";
import { workCommand } from "./commands.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

const workTypes = [
  { ...shell, cancelGraceMs: 500 },
  { ...shell, workType: "absent", command: "no-such-program" },
  { ...shell, workType: "upper", command: "tr", params: "a-z A-Z", allowRuntimeParams: false },
  { ...shell, workType: "narrow", params: "-c 'exec sleep 600'", allowRuntimeParams: false, maxUnits: 1 },
];

/** The work command of node `alpha` behind a real control socket. */
async function openService() {
  const node = await openTestNode({ workTypes });
  const folder = mkdtempSync(join(tmpdir(), "w"));
  const filename = join(folder, "s");
  const commands = [workCommand(node.units, "alpha")];
  const listener = await openControlListener({ nodeId: "alpha", filename, commands, log: silentLog });
  const say = (text: string) => session(filename, text);
  return {
    node,
    filename,
    listener,
    say,
    /** Submit, and give the id and everything else that was answered. */
    submit: async (request: string, payload = "") => {
      const [, created = "", ...rest] = (await say(`${request}\n${payload}`)).split("\n");
      const [, id = ""] = /^Work unit created with ID (.+)\. Send stdin data and EOF\.$/.exec(created) ?? [];
      return { id, created, rest: rest.join("\n") };
    },
    [Symbol.asyncDispose]: async () => {
      await listener.close();
      await node[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Everything a service answers to this text on one connection, which is half-closed behind it. */
async function session(filename: string, text: string): Promise<string> {
  const socket = connect({ path: filename, allowHalfOpen: true });
  socket.end(text);
  let answer = "";
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

const banner = "Receptor Control, node alpha\n";

describe("work submit and work results", () => {
  test("speak as in the specification's transcript", async () => {
    await using service = await openService();
    const { id, rest } = await service.submit(
      '{"command": "work", "subcommand": "submit", "node": "alpha", "worktype": "upper"}',
      "hello",
    );
    expect(id).toMatch(/^[0-9a-zA-Z]{8}$/);
    expect(rest).toBe(`{"result":"Job Started","unitid":"${id}"}\n`);
    const results = await service.say(`work results ${id} 0\n`);
    expect(results).toBe(`${banner}Streaming results for work unit ${id}\nHELLO`);
    expect(await service.say(`work release ${id}\n`)).toBe(`${banner}{"released":"${id}"}\n`);
    expect(await service.say("work list\n")).toBe(`${banner}{}\n`);
  });

  test("know the node as localhost in any letter case, and take params behind the work type", async () => {
    await using service = await openService();
    for (const name of ["localhost", "LocalHost", "alpha"]) {
      const { id } = await service.submit(`work submit ${name} sh ${quoted("echo  two  words")}`);
      expect(await service.say(`work results ${id}\n`)).toContain("\ntwo words\n");
    }
  });

  test("begin at any byte, and follow until the end", async () => {
    await using service = await openService();
    const { id } = await service.submit(
      `work submit alpha sh ${quoted("for i in 1 2 3; do echo $i; sleep 0.1; done")}`,
    );
    expect(await service.say(`work results ${id} 2\n`)).toBe(`${banner}Streaming results for work unit ${id}\n2\n3\n`);
    const json = { command: "work", subcommand: "results", unitid: id };
    for (const startpos of [4, "4"]) {
      expect(await service.say(`${JSON.stringify({ ...json, startpos })}\n`)).toMatch(/\n3\n$/);
    }
    expect(await service.say(`work results ${id} 99\n`)).toBe(`${banner}Streaming results for work unit ${id}\n`);
  });

  test("use the id a newer peer wants", async () => {
    await using service = await openService();
    const request = {
      command: "work",
      subcommand: "submit",
      node: "alpha",
      worktype: "upper",
      workUnitID: "Wanted0123",
    };
    expect(await service.submit(JSON.stringify(request))).toMatchObject({ id: "Wanted0123" });
    const { id } = await service.submit(JSON.stringify(request));
    expect(id).toMatch(/^[0-9a-zA-Z]{8}$/);
  });

  test("say `Job Submitted` for a unit that waits for a place", async () => {
    await using service = await openService();
    const first = await service.submit("work submit alpha narrow");
    const second = await service.submit("work submit alpha narrow");
    expect(first.rest).toContain('"result":"Job Started"');
    expect(second.rest).toBe(`{"result":"Job Submitted","unitid":"${second.id}"}\n`);
  });

  test.each([
    ["work submit alpha nope", "unknown work type nope"],
    ["work submit alpha upper x", "extra params provided but not allowed"],
    ["work submit beta upper", "no route to node beta: this worker is not part of a mesh"],
    [
      '{"command":"work","subcommand":"submit","node":"alpha","worktype":"upper","ttl":"10h"}',
      "ttl option is intended for remote work only",
    ],
    [
      '{"command":"work","subcommand":"submit","node":"alpha","worktype":"upper","signature":"x"}',
      "work type did not expect a signature",
    ],
    [
      '{"command":"work","subcommand":"submit","node":"alpha","worktype":"upper","params":1}',
      "submit parameters must all be strings and params is not",
    ],
    ["work submit alpha sh 'open", "EOF found when expecting closing quote"],
  ])("refuse %s and leave no unit", async (request, message) => {
    await using service = await openService();
    expect(await service.say(`${request}\n`)).toBe(`${banner}ERROR: ${message}\n`);
    expect(readdirSync(service.node.unitsDir)).toEqual([]);
  });

  test("tell when a command cannot be started, and keep the unit that says why", async () => {
    await using service = await openService();
    const { id, rest } = await service.submit("work submit alpha absent");
    expect(rest).toBe('ERROR: exec: "no-such-program": executable file not found in $PATH\n');
    expect(await service.say(`work status ${id}\n`)).toContain('"StateName":"Failed"');
  });

  test("start nothing for a client that breaks off in the middle of its payload", async () => {
    await using service = await openService();
    const socket: Socket = connect({ path: service.filename, allowHalfOpen: true }).on("error", () => undefined);
    socket.write("work submit alpha upper\nhalf of the payl");
    const id = await eventually("there is a unit", () => Object.keys(service.node.units.list())[0]);
    socket.destroy();
    const unit = service.node.units.get(id);
    await unit.until(({ State }) => State > 1, patience());
    expect(unit.status).toMatchObject({ Cause: "INPUT_FAILED" });
    expect(readdirSync(unit.folder.dir)).not.toContain("stdout");
  });

  test("do not blame a client in the middle of its payload for a daemon that shuts down", async () => {
    await using service = await openService();
    const socket: Socket = connect({ path: service.filename, allowHalfOpen: true }).on("error", () => undefined);
    socket.resume().write("work submit alpha upper\nhalf of the payl");
    const id = await eventually("there is a unit", () => Object.keys(service.node.units.list())[0]);
    await service.listener.close();
    expect(service.node.units.get(id).status).toMatchObject({
      State: 3,
      Detail: "Error reading input data: the daemon is shutting down",
      Cause: "INPUT_FAILED",
    });
    socket.destroy();
  });
});

describe("work list and work status", () => {
  test("answer Receptor's fields and ours", async () => {
    await using service = await openService();
    const { id } = await service.submit("work submit alpha upper", "abc");
    await service.say(`work results ${id}\n`);
    const status = JSON.parse((await service.say(`work status ${id}\n`)).slice(banner.length));
    expect(status).toMatchObject({
      State: 2,
      StateName: "Succeeded",
      Detail: "exit status 0",
      StdoutSize: 3,
      WorkType: "upper",
      ExtraData: { Pid: expect.any(Number), Params: "a-z A-Z" },
      ExitCode: 0,
      Cause: "EXITED",
    });
    expect(JSON.parse((await service.say("work list\n")).slice(banner.length))).toEqual({ [id]: status });
    expect(JSON.parse((await service.say(`work list ${id}\n`)).slice(banner.length))).toEqual({ [id]: status });
  });

  test.each(["list", "status", "cancel", "release", "force-release", "results"])(
    "like work %s, refuse an unknown unit in the words peers look for",
    async (sub) => {
      await using service = await openService();
      expect(await service.say(`work ${sub} Ab3dEf9h\n`)).toBe(`${banner}ERROR: unknown work unit Ab3dEf9h\n`);
    },
  );

  test("go on after a fault on the same connection", async () => {
    await using service = await openService();
    expect(await service.say("work\nwork dance\nwork status\nwork list\n")).toBe(
      `${banner}ERROR: no work subcommand\nERROR: bad command\nERROR: work status requires a unit ID\n{}\n`,
    );
  });
});

describe("work cancel, release and force-release", () => {
  test("answer when it is done", async () => {
    await using service = await openService();
    const { id } = await service.submit(`work submit alpha sh ${quoted("exec sleep 600")}`);
    expect(await service.say(`work cancel ${id}\n`)).toBe(`${banner}{"cancelled":"${id}"}\n`);
    expect(service.node.units.get(id).status).toMatchObject({ State: 4, Detail: "Canceled" });
    expect(await service.say(`work cancel ${id}\n`)).toBe(`${banner}{"cancelled":"${id}"}\n`);
    expect(await service.say(`work force-release ${id}\n`)).toBe(`${banner}{"released":"${id}"}\n`);
    expect(readdirSync(service.node.unitsDir)).toEqual([]);
  });

  test("refuse a signature nobody asked for, before anything happens", async () => {
    await using service = await openService();
    const { id } = await service.submit(`work submit alpha sh ${quoted("exec sleep 600")}`);
    const request = { command: "work", subcommand: "cancel", unitid: id, signature: "x" };
    expect(await service.say(`${JSON.stringify(request)}\n`)).toBe(
      `${banner}ERROR: work type did not expect a signature\n`,
    );
    expect(service.node.units.get(id).status.State).toBe(1);
  });

  test("end results that follow the unit, of a cancelled one too", async () => {
    await using service = await openService();
    const { id } = await service.submit(`work submit alpha sh ${quoted("echo up; exec sleep 600")}`);
    const results = service.say(`work results ${id}\n`);
    await eventually("it writes", () => service.node.units.get(id).report().StdoutSize === 3);
    await service.say(`work release ${id}\n`);
    expect(await results).toBe(`${banner}Streaming results for work unit ${id}\nup\n`);
    expect(processesOfUnit(id).filter(({ command }) => command === "sleep 600")).toEqual([]);
  });
});
