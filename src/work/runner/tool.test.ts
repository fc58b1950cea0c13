import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { defaultBudget } from "#tools";
import {
  builtHelpers,
  ended,
  eventually,
  kill,
  openTestNode,
  patience,
  processesOfUnit,
  type TestNode,
  type Unit,
} from "../../../test/kit/units.ts";
import { isRunning } from "../../../test/kit/processes.ts";
import { canMount, smallDisk } from "../../../test/kit/small-disk.ts";
import type { ToolSettings } from "../settings.ts";
import { UnitState } from "../wire.ts";
import { checkToolParams, ownRights, type ToolRights, toolTrouble } from "./tool.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

beforeAll(builtHelpers);

const capture: ToolSettings = {
  kind: "tool",
  workType: "capture",
  policy: {
    targets: ["private"],
    interfaces: ["lo"],
    filters: { allow: "any", named: {} },
    budget: { ...defaultBudget, seconds: 60 },
  },
  own: [],
};
const open = () => openTestNode({ workTypes: [capture] });

const begin = (node: TestNode, params: object): Promise<Unit> =>
  node.start("", { type: "capture", params: JSON.stringify(params) });

const pcapHeader = 24;
const sizeOf = (unit: Unit): number => readFileSync(unit.folder.stdout).length;
/** tcpdump writes the header when it has begun to listen. */
const listening = (unit: Unit) => eventually(`${unit.id} listens`, () => sizeOf(unit) >= pcapHeader);

/** Datagrams to a port of loopback that nobody else uses. */
async function traffic(port: number): Promise<{ send(text: string): void } & AsyncDisposable> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  // Nobody listens there: the answer that it is closed would be an error of the socket.
  socket.on("error", () => undefined);
  return {
    send: (text) => socket.send(text, port, "127.0.0.1"),
    [Symbol.asyncDispose]: async () => void socket.close(),
  };
}

/** What `/proc/PID/status` says of one process. */
function rightsOf(pid: number): Record<string, string> {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return Object.fromEntries(text.split("\n").flatMap((line) => [line.split(/:\s*/, 2) as [string, string]]));
}

describe("a capture", () => {
  test("is pcap of what was on the wire, and ends when it was told to", async () => {
    await using node = await open();
    await using wire = await traffic(41_001);
    const unit = await begin(node, { filter: "udp dst port 41001", packets: 3 });
    await listening(unit);
    for (const text of ["one", "two", "three", "four"]) wire.send(text);
    expect(await ended(unit)).toMatchObject({ State: UnitState.Succeeded, ExitCode: 0, Cause: "EXITED" });
    const pcap = readFileSync(unit.folder.stdout);
    expect(pcap.readUInt32LE(0)).toBe(0xa1b2c3d4);
    for (const text of ["one", "two", "three"]) expect(pcap.includes(text)).toBe(true);
    expect(pcap.includes("four")).toBe(false);
    expect(unit.status.Detail).toMatch(/^exit status 0: ended by its budget of 3 packets: 3 packets, \d+ bytes$/);
  });

  test("has no right but that to listen", async () => {
    await using node = await open();
    const unit = await begin(node, { filter: "udp dst port 41002" });
    await listening(unit);
    const running = processesOfUnit(unit.id).filter(({ command }) => /tcpdump|tool\.js/.test(command));
    expect(running).toHaveLength(2);
    for (const { pid } of running) {
      const { Uid = "", Groups, CapEff, CapPrm, CapAmb, NoNewPrivs } = rightsOf(pid);
      expect(Uid.split("\t")).not.toContain("0");
      expect({ Groups: Groups?.trim(), CapEff, CapPrm, CapAmb, NoNewPrivs }).toEqual({
        Groups: "",
        ...{ CapEff: "0000000000002000", CapPrm: "0000000000002000", CapAmb: "0000000000002000" },
        NoNewPrivs: "1",
      });
      expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toMatch(/npm_|VITEST|NODE_/);
    }
    await node.units.cancel(unit.id, patience());
    expect(unit.status).toMatchObject({ State: UnitState.Canceled, Cause: "CANCELED" });
    await eventually("nothing of it runs", () => processesOfUnit(unit.id).length === 0);
  });

  test("ends at a whole packet when one more would be more bytes than allowed", async () => {
    await using node = await open();
    await using wire = await traffic(41_003);
    const unit = await begin(node, { filter: "udp dst port 41003", bytes: 200 });
    await listening(unit);
    for (const text of ["one", "two", "three", "four"]) wire.send(text);
    await ended(unit);
    expect(unit.status.Detail).toMatch(/^exit status 0: ended by its budget of 200 bytes: 2 packets, \d+ bytes$/);
    expect(packetsIn(readFileSync(unit.folder.stdout))).toBe(2);
  });

  test("ends when its time is over, with what there was", async () => {
    await using node = await open();
    const unit = await begin(node, { filter: "udp dst port 41004", seconds: 1 });
    expect(await ended(unit)).toMatchObject({ State: UnitState.Succeeded, StdoutSize: pcapHeader });
    expect(unit.status.Detail).toMatch(/1 s are over: 0 packets, 24 bytes$/);
  });

  test("says what tcpdump found wrong with its filter", async () => {
    await using node = await open();
    const unit = await begin(node, { filter: "udp and and" });
    expect(await ended(unit)).toMatchObject({ State: UnitState.Failed, ExitCode: 12 });
    expect(unit.status.Detail).toMatch(/^exit status 12: FILTER_REFUSED: this is no filter: .*syntax error/);
  });

  test("leaves out what the worker itself says to its server", async () => {
    await using node = await openTestNode({ workTypes: [{ ...capture, own: ["127.0.0.1:41005"] }] });
    await using own = await traffic(41_005);
    await using other = await traffic(41_006);
    const unit = await begin(node, { filter: "udp dst portrange 41005-41006", packets: 1 });
    await listening(unit);
    own.send("ours");
    other.send("theirs");
    await ended(unit);
    const pcap = readFileSync(unit.folder.stdout);
    expect({ ours: pcap.includes("ours"), theirs: pcap.includes("theirs") }).toEqual({ ours: false, theirs: true });
  });

  test("tells the truth when tcpdump is killed", async () => {
    await using node = await open();
    const unit = await begin(node, { filter: "udp dst port 41007" });
    await listening(unit);
    await kill(processOf(unit, /^tcpdump|\/tcpdump/));
    expect(await ended(unit)).toMatchObject({ State: UnitState.Failed, ExitCode: 8 });
    expect(unit.status.Detail).toMatch(/TOOL_FAILED: tcpdump was ended by SIGKILL after 0 packets$/);
  });

  test("leaves nothing behind when its program is killed", async () => {
    await using node = await open();
    const unit = await begin(node, { filter: "udp dst port 41008" });
    await listening(unit);
    const tcpdump = processOf(unit, /^tcpdump|\/tcpdump/);
    await kill(processOf(unit, /tool\.js/));
    expect(await ended(unit)).toMatchObject({ State: UnitState.Failed, Signal: "SIGKILL", Cause: "SIGNALED" });
    await eventually("tcpdump ends", () => !isRunning(tcpdump));
  });

  test("does what was ordered, whatever becomes of the files of its unit", async () => {
    await using node = await openTestNode({ workTypes: [{ ...capture, maxUnits: 1 }] });
    const first = await begin(node, { filter: "udp dst port 41009" });
    await listening(first);
    const waiting = await begin(node, { filter: "udp dst port 41009" });
    const status = JSON.parse(readFileSync(waiting.folder.status, "utf8"));
    const evil = JSON.stringify({ filter: "", interface: "-r/etc/shadow" });
    writeFileSync(waiting.folder.status, JSON.stringify({ ...status, ExtraData: { Pid: 0, Params: evil } }));
    writeFileSync(first.folder.stdin, JSON.stringify({ tool: "capture", params: evil }));
    await node.reopen();
    await node.units.cancel(first.id, patience());
    const again = node.units.get(waiting.id);
    expect(await ended(again)).toMatchObject({ State: UnitState.Failed, Cause: "START_FAILED" });
    expect(again.status.Detail).toMatch(/this worker does not let -r\/etc\/shadow be listened on/);
  });
});

describe("checkToolParams()", () => {
  const check =
    (params: unknown, type = capture, rights: ToolRights = ownRights) =>
    () =>
      checkToolParams(type, typeof params === "string" ? params : JSON.stringify(params), rights);
  const only = { ...capture, policy: { ...capture.policy, filters: { allow: "named", named: { dns: "port 53" } } } };

  test.each([
    [{ filter: "-z /bin/sh" }, "FILTER_REFUSED"],
    [{ filter: "-r /etc/shadow" }, "FILTER_REFUSED"],
    [{ filter: "--" }, "FILTER_REFUSED"],
    [{ filter: "port 53; id" }, "FILTER_REFUSED"],
    [{ filter: "port 53\n-w /etc/passwd" }, "FILTER_REFUSED"],
    [{ filter: "$(id)" }, "FILTER_REFUSED"],
    [{ filter: "`id`" }, "FILTER_REFUSED"],
    [{ filter: "port 1) or (port 2" }, "FILTER_REFUSED"],
    [{ interface: "-z" }, "INTERFACE_REFUSED"],
    [{ interface: "eth0" }, "INTERFACE_REFUSED"],
    [{ interface: "any" }, "INTERFACE_REFUSED"],
    [{ interface: "1" }, "INTERFACE_REFUSED"],
    [{ interface: "lo\n" }, "INTERFACE_REFUSED"],
    [{ seconds: 0 }, "TOOL_PARAMS_INVALID"],
    [{ packets: 1.5 }, "TOOL_PARAMS_INVALID"],
    [{ command: "id" }, "TOOL_PARAMS_INVALID"],
    ["-i eth0", "TOOL_PARAMS_INVALID"],
    ["[]", "TOOL_PARAMS_INVALID"],
  ])("refuses %j", (params, code) => {
    expect(check(params)).toThrow(expect.objectContaining({ code }));
  });

  test("reads no more of params than there can be", () => {
    for (const length of [2_001, 40_000])
      expect(check({ filter: "x".repeat(length) })).toThrow(expect.objectContaining({ code: "TOOL_PARAMS_INVALID" }));
  });

  test("takes named filters alone where the worker says so, and tells which there are", () => {
    expect(check({ filter: "@dns" }, only as ToolSettings)()).toBe('{"filter":"@dns"}');
    expect(check({ filter: "port 80" }, only as ToolSettings)).toThrow("only named filters may be used; it has @dns");
    expect(check({}, only as ToolSettings)).toThrow(expect.objectContaining({ code: "FILTER_REFUSED" }));
    expect(check({ filter: "@constructor" }, only as ToolSettings)).toThrow("there is no filter @constructor");
  });

  test("refuses what this worker has no right to give, before there is a unit", () => {
    const poor: ToolRights = { capabilities: [], user: () => undefined };
    expect(check({}, capture, poor)).toThrow("capture needs cap_net_raw, and this worker has not got it to give");
    expect(toolTrouble(capture, poor)).toMatch(/cap_net_raw/);
    expect(toolTrouble(capture, ownRights)).toBeUndefined();
  });

  test("names the field that does not fit", () => {
    expect(check({ packets: "many", snapLength: 0 })).toThrow(/params of capture: snapLength: .*; packets: /);
  });
});

test("a tool never runs as root", async () => {
  await using node = await openTestNode({ workTypes: [{ ...capture, user: "root" }] });
  expect(() => node.units.allocate({ workType: "capture", params: {} })).toThrow("a tool never runs as root");
});

test.skipIf(!canMount)("a result that the disk does not take ends the tool, and says so by its exit code", async () => {
  await using disk = await smallDisk("4m");
  await using node = await openTestNode({ dataDir: disk?.path ?? "", workTypes: [capture] });
  await using wire = await traffic(41_010);
  const unit = await begin(node, { filter: "udp dst port 41010" });
  await listening(unit);
  disk?.fill();
  await eventually("the disk is full", () => {
    wire.send("x".repeat(9_000));
    return unit.isFinal;
  });
  expect(unit.status).toMatchObject({ State: UnitState.Failed, ExitCode: 7 });
  expect(unit.status.Detail).toMatch(/^exit status 7: OUTPUT_FAILED: the result cannot be written: ENOSPC/);
  await eventually("nothing of it runs", () => processesOfUnit(unit.id).length === 0);
});

/** Packets of a pcap, every one whole. */
function packetsIn(pcap: Buffer): number {
  let count = 0;
  let at = pcapHeader;
  for (; at < pcap.length; count++) at += 16 + pcap.readUInt32LE(at + 8);
  expect(at).toBe(pcap.length);
  return count;
}

function processOf(unit: Unit, command: RegExp): number {
  const found = processesOfUnit(unit.id).find((one) => command.test(one.command));
  if (!found) throw new Error(`no ${command} among the processes of ${unit.id}`);
  return found.pid;
}
