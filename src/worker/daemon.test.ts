import { once } from "node:events";
import { existsSync, watch, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { connectControl, parseControlAddress } from "#control";
import { freePort } from "../../test/kit/free-port.ts";
import { type TempFolder, tempFolder } from "../../test/kit/temp-folder.ts";
import { builtHelpers, eventually, helpersIn, kill } from "../../test/kit/units.ts";
import { startDaemon } from "./daemon.ts";
import { parseSettings } from "./settings/mod.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

/** A daemon of this process, from the text of a settings file. */
async function open(folder: TempFolder, settings: string) {
  const file = folder.file("worker.yml");
  writeFileSync(file, settings);
  const daemon = await startDaemon(parseSettings(settings, file), { configFiles: [file] });
  const client = () => connectControl(parseControlAddress(daemon.controlAddresses[0] ?? ""));
  const call = async (request: string) => {
    const control = await client();
    try {
      return await control.call(request);
    } finally {
      control.close();
    }
  };
  const close = async () => {
    await daemon.close();
    for (const { pid } of helpersIn(folder.file("data"))) await kill(pid);
  };
  return { daemon, client, call, file, [Symbol.asyncDispose]: close };
}

const basics = (folder: TempFolder, more = "") => `
- node: {id: alpha, datadir: ${folder.file("data")}}
- log-level: {level: error}
- control-service: {service: control, filename: ${folder.file("s")}}
- work-command: {worktype: echo, command: echo, params: hello}
${more}`;

describe("startDaemon()", () => {
  test("offers what its settings say", async () => {
    await using folder = await tempFolder();
    await using worker = await open(folder, basics(folder));
    expect(worker.daemon.nodeId).toBe("alpha");
    expect(await worker.call("status")).toMatchObject({
      NodeID: "alpha",
      Advertisements: [{ Service: "control", WorkCommands: [{ WorkType: "echo", Secure: false }] }],
    });
    const control = await worker.client();
    const created = await control.callLine("work submit alpha echo");
    await control.sendPayload((async function* () {})());
    const { unitid } = await control.readJson();
    expect(created).toBe(`Work unit created with ID ${String(unitid)}. Send stdin data and EOF.`);
    const results = await worker.client();
    await results.callLine(`work results ${String(unitid)}`);
    let text = "";
    for await (const chunk of results.bytes()) text += Buffer.from(chunk).toString();
    expect(text).toBe("hello\n");
    expect(await worker.call("work list")).toMatchObject({ [String(unitid)]: { StateName: "Succeeded" } });
  });

  test("reloads an unchanged file, and says what needs a restart", async () => {
    await using folder = await tempFolder();
    await using worker = await open(folder, basics(folder));
    expect(await worker.call("reload")).toEqual({ Success: true });
    writeFileSync(worker.file, basics(folder, "- work-command: {worktype: more, command: ls}\n"));
    expect(await worker.call("reload")).toMatchObject({ Success: false, Error: expect.stringMatching(/ERRORCODE 3$/) });
    writeFileSync(worker.file, "- node: {");
    expect(await worker.call("reload")).toMatchObject({ Success: false, Error: expect.stringMatching(/ERRORCODE 4$/) });
  });

  test("shows its units to Prometheus where it is told to", async () => {
    await using folder = await tempFolder();
    const port = await freePort();
    await using worker = await open(folder, basics(folder, `- metrics-service: {listen: "127.0.0.1:${port}"}\n`));
    await eventually("a helper is ready", () => helpersIn(folder.file("data")).length > 0);
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(text).toContain("farhand_helpers");
    expect(await worker.call("ping alpha")).toMatchObject({ Success: true });
  });

  test("opens its control socket last: whoever finds it can dial the worker's roads", async () => {
    await using folder = await tempFolder();
    const port = await freePort();
    const opening = open(folder, basics(folder, `- ws-listener: {port: ${port}, bindaddr: 127.0.0.1}\n`));
    while (!existsSync(folder.file("s"))) await nextTurn();
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.destroy();
    await using worker = await opening;
    expect(worker.daemon.meshAddresses).toEqual([`127.0.0.1:${port}`]);
  });

  test("does not start without a road it cannot bind, and never shows its control socket", async () => {
    await using folder = await tempFolder();
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const seen: string[] = [];
    const watcher = watch(folder.path, (_event, name) => void seen.push(String(name)));
    try {
      await expect(
        open(folder, basics(folder, `- tcp-listener: {port: ${port}, bindaddr: 127.0.0.1}\n`)),
      ).rejects.toMatchObject({
        code: "LISTEN_FAILED",
        exit: 3,
        message: expect.stringMatching(
          `^tcp-listener 127.0.0.1:${port} cannot listen on 127.0.0.1:${port}: something else listens there`,
        ),
      });
      writeFileSync(folder.file("after"), "");
      await eventually("the folder is seen", () => seen.includes("after"));
      expect(seen).not.toContain("s");
    } finally {
      watcher.close();
      taken.close();
    }
  });

  test("leaves nothing open when a part of it cannot be opened", async () => {
    await using folder = await tempFolder();
    writeFileSync(folder.file("s"), "no socket");
    await expect(open(folder, basics(folder))).rejects.toMatchObject({ code: "SOCKET_PATH_TAKEN" });
    await using worker = await open(folder, basics(folder).replace(folder.file("s"), folder.file("t")));
    expect(await worker.call("ping alpha")).toMatchObject({ Success: true });
  });

  test("refuses settings by which nobody could reach it", async () => {
    await using folder = await tempFolder();
    const settings = basics(folder).replace(/- control-service.*\n/, "");
    await expect(open(folder, settings)).rejects.toMatchObject({ code: "NOTHING_TO_DO" });
  });
});
