import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { managedWorker, rpc, servicePassword, socketClient } from "../../../test/kit/managed-worker.ts";
import { runProcess } from "../../../test/kit/processes.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { silentLog } from "#core";
import { Access } from "./access.ts";
import { Desk } from "./desk.ts";
import { Notices } from "./notices.ts";
import { PasswordSessions } from "./password-sessions.ts";
import { openSocketCarrier } from "./socket-carrier.ts";

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
const isRoot = process.getuid?.() === 0;

/** Ask for the status as another user of this machine; gives its output, or what the system said. */
async function statusAs(user: number, groups: readonly number[], path: string): Promise<string> {
  const script = `
    const socket = require("node:net").connect(process.argv[1]);
    socket.on("error", (error) => { console.log(error.code); process.exit(); });
    socket.on("connect", () => socket.write(process.argv[2] + "\\n"));
    let text = "";
    socket.on("data", (chunk) => { text += chunk; if (text.includes("\\n")) { console.log(text); process.exit(); } });`;
  const ids = ["--reuid", String(user), "--regid", String(user)];
  const more = groups.length > 0 ? ["--groups", groups.join()] : ["--clear-groups"];
  const asked = JSON.stringify(rpc("worker.stop"));
  const { stdout, stderr } = await runProcess("setpriv", [
    ...ids,
    ...more,
    process.execPath,
    "-e",
    script,
    path,
    asked,
  ]);
  return stdout + stderr;
}

describe("CAT-14: the socket", () => {
  test("is 0600 in a folder of 0700", async () => {
    await using worker = await managedWorker();
    expect(modeOf(worker.socket)).toBe("600");
    expect(modeOf(worker.node.folder.file("run"))).toBe("700");
  });

  test.runIf(isRoot)("is refused to another user by the system", async () => {
    await using worker = await managedWorker();
    chmodSync(worker.node.folder.path, 0o755);
    expect(await statusAs(65_534, [], worker.socket)).toContain("EACCES");
  });

  test("is not opened where others could put theirs in its place", async () => {
    await using folder = await tempFolder();
    mkdirSync(folder.file("run"));
    chmodSync(folder.file("run"), 0o777);
    const opening = managedWorker({ more: { socket: { path: folder.file("run/worker.sock") } } });
    await expect(opening).rejects.toMatchObject({ code: "SOCKET_UNSAFE" });
  });

  test("is one worker's; what a killed one has left is replaced, what is no socket stays", async () => {
    await using worker = await managedWorker();
    const again = managedWorker({ more: { socket: { path: worker.socket } } });
    await expect(again).rejects.toMatchObject({ code: "SOCKET_IN_USE" });
    await using folder = await tempFolder();
    writeFileSync(folder.file("worker.sock"), "mine");
    const onFile = managedWorker({ more: { socket: { path: folder.file("worker.sock") } } });
    await expect(onFile).rejects.toMatchObject({ code: "SOCKET_UNSAFE" });
  });

  test("goes with the worker", async () => {
    const worker = await managedWorker();
    await worker.management.close();
    expect(() => statSync(worker.socket)).toThrow(/ENOENT/);
    await worker.node[Symbol.asyncDispose]();
  });
});

/** One that others can get to: those of a test run are closed to them. */
async function openFolder() {
  const path = mkdtempSync("/tmp/fh-open-");
  chmodSync(path, 0o755);
  return {
    file: (name: string) => join(path, name),
    [Symbol.asyncDispose]: async () => rmSync(path, { recursive: true }),
  };
}

describe.runIf(isRoot)("CAT-23: three users, three results", () => {
  // Groups that every machine has stand for workeradmin and for those who look on.
  const [admins, watchers] = ["daemon", "bin"];
  const ids = { admins: 1, watchers: 2 };

  test("the group manages, the other looks on, anybody else is refused by the system", async () => {
    await using folder = await openFolder();
    const socket = { path: folder.file("admin/worker.sock"), group: admins };
    const monitorSocket = { path: folder.file("look/monitor.sock"), group: watchers };
    await using worker = await managedWorker({ more: { socket, monitorSocket } });
    expect(modeOf(socket.path)).toBe("660");
    expect(modeOf(folder.file("admin"))).toBe("750");
    expect(await statusAs(65_534, [ids.admins], socket.path)).toContain('"accepted":true');
    expect(await statusAs(65_534, [ids.watchers], monitorSocket.path)).toContain("LEVEL_TOO_LOW");
    expect(await statusAs(65_534, [ids.watchers], socket.path)).toContain("EACCES");
    expect(await statusAs(65_534, [], monitorSocket.path)).toContain("EACCES");
    expect(worker.lived).toEqual(["stop by local user"]);
  });

  test("a group that this machine has not leaves the socket to the account alone", async () => {
    await using folder = await tempFolder();
    const socket = { path: folder.file("run/worker.sock"), group: "no-such-group" };
    await using worker = await managedWorker({ more: { socket } });
    expect(modeOf(socket.path)).toBe("600");
    expect(worker.logged[0]?.message).toContain("no group no-such-group");
  });
});

describe("JSON-RPC on it", () => {
  test("a notification is done and not answered", async () => {
    await using worker = await managedWorker();
    using client = await socketClient(worker.socket);
    const silent = { jsonrpc: "2.0", method: "worker.switches.set", params: { watchers: false } };
    const batch = JSON.stringify([silent, rpc("worker.switches.get", {}, "x")]);
    expect(await client.say(`${JSON.stringify(silent)}\n${batch}`)).toEqual([
      { jsonrpc: "2.0", id: "x", result: { watchers: false, monitors: true, workers: true } },
    ]);
  });

  test("a line that is too long ends the connection, and only that", async () => {
    await using worker = await managedWorker();
    using other = await socketClient(worker.socket);
    using client = await socketClient(worker.socket);
    const reply = await client.say("x".repeat(1024 * 1024 + 10));
    expect(reply).toMatchObject({ error: { data: { code: "MESSAGE_TOO_LARGE", status: 413 } } });
    expect(await other.call("worker.status")).toHaveProperty("result");
  });

  test("whoever ends its side still gets what it asked", async () => {
    await using worker = await managedWorker();
    const socket = connect({ path: worker.socket, allowHalfOpen: true });
    socket.end(`${JSON.stringify(rpc("password.set", { password: servicePassword }))}\n`);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(JSON.parse(Buffer.concat(chunks).toString())).toHaveProperty("result", { sessionsEnded: 0 });
  });

  test("a client that asks and never reads is not read either, and keeps nobody waiting", async () => {
    await using worker = await managedWorker();
    for (let count = 0; count < 50; count++) worker.node.units.allocate({ workType: "sh", params: {} });
    const socket = connect({ path: worker.socket });
    socket.pause();
    const line = `${JSON.stringify(rpc("units.list"))}\n`;
    let sent = 0;
    while (sent < 20_000 && (socket.write(line) || socket.writableLength < 64 * 1024)) {
      sent++;
      if (sent % 100 === 0) await sleep(1);
    }
    expect(sent).toBeLessThan(20_000);
    using other = await socketClient(worker.socket);
    expect(await other.call("worker.status")).toHaveProperty("result");
    socket.destroy();
  });

  test("when the client goes, what it asked for is taken back", async () => {
    await using folder = await tempFolder();
    let signal: AbortSignal | undefined;
    const asked = newGate();
    const sessions = new PasswordSessions({ now: Date.now, elapsed: () => performance.now() });
    const access = new Access({ rules: () => expect.unreachable(), entitlement: () => expect.unreachable(), sessions });
    const desk = new Desk(new Map(), access, silentLog);
    desk.answer = async (call) => {
      signal = call.signal;
      asked.open();
      await new Promise((resolve) => call.signal.addEventListener("abort", resolve));
      return { result: null };
    };
    const place = { path: folder.file("run/worker.sock") };
    const carrier = await openSocketCarrier({
      place,
      carrier: "socket",
      desk,
      notices: new Notices(access),
      log: silentLog,
    });
    const socket = connect({ path: place.path });
    socket.write(`${JSON.stringify(rpc("units.cancel"))}\n`);
    await asked.opened;
    socket.destroy();
    await new Promise((resolve) => signal?.addEventListener("abort", resolve));
    expect(signal?.aborted).toBe(true);
    await carrier.close();
  });
});

function newGate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), opened };
}
