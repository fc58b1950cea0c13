import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { type Duplex, PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Asker } from "../../../src/server/line/worker-lines.ts";
import { loggedIn } from "../../kit/cli-session.ts";
import { tempFolder } from "../../kit/temp-folder.ts";
import { type TestServer, testServer } from "../../kit/server.ts";

const admin: Asker = {
  ...{ userId: "u1", name: "ada", roles: ["admin"], level: "admin", methods: ["pwd"], loggedInAt: 1, session: "s1" },
};
const operator: Asker = { ...admin, name: "olga", roles: ["operator"], level: "operate", session: "s2" };
const patience = () => AbortSignal.timeout(60_000);

let server: TestServer;
let echo: Server;
let [shed, closed] = ["", ""];

beforeAll(async () => {
  server = await testServer();
  // Says at the end what it got, in capitals: so each direction has an end of its own.
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    let text = "";
    socket.on("data", (chunk) => (text += chunk.toString())).on("error", () => {});
    socket.on("end", () => socket.end(text.toUpperCase()));
  });
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  const { port } = echo.address() as AddressInfo;
  await server.worker("shed", [], {
    shell: { enabled: true, command: "PS1='$ ' exec bash --norc --noprofile --noediting", level: "admin" },
    tcpServices: () => ({
      shout: { host: "127.0.0.1", port, level: "operate" },
      deep: { host: "127.0.0.1", port, level: "admin" },
      nobody: { host: "127.0.0.1", port: 1, level: "operate" },
    }),
  });
  await server.worker("closed", [{ "work-command": { worktype: "cat", command: "cat" } }]);
  const { workers } = await listed();
  shed = workers["shed"] ?? "";
  closed = workers["closed"] ?? "";
}, 120_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  echo?.close();
});

async function listed() {
  const rows = await server.core.store.db.selectFrom("worker").select(["id", "name"]).execute();
  return { workers: Object.fromEntries(rows.map(({ id, name }) => [name, id])) };
}

/** A shell as a client has it: keys in, and what the screen shows. */
async function shell(asker = admin, workerId = shed) {
  const request = { method: "shell.open", params: { rows: 30, columns: 101 } };
  const { result, stream } = await server.core.lines.open(workerId, request, asker, patience());
  const { shell: id } = result as { shell: string };
  const screen = screenOf(stream);
  const shows = async (wanted: string | RegExp): Promise<void> => {
    const limit = patience();
    while (!screen().match(wanted)) {
      if (stream.closed) throw new Error(`the shell ended with ${JSON.stringify(screen())}`);
      await sleep(10, undefined, { signal: limit });
    }
  };
  return { id, stream, screen, shows, type: (keys: string) => void stream.write(keys) };
}

function screenOf(stream: Duplex): () => string {
  let text = "";
  stream.on("data", (chunk: Buffer) => (text += chunk.toString())).on("error", () => {});
  return () => text;
}

/** The unit of a shell when it is over. */
async function over(unit: string) {
  const limit = patience();
  for (;;) {
    const request = { method: "units.status", params: { unit } };
    const status = (await server.core.lines.call(shed, request, admin, limit)) as Record<string, unknown>;
    if (Number(status["state"]) > 1) return status;
    await sleep(20, undefined, { signal: limit });
  }
}

async function untilGone(pid: string): Promise<void> {
  const limit = patience();
  while (existsSync(`/proc/${pid}`)) await sleep(10, undefined, { signal: limit });
}

/** However it ends. */
function closeOf(stream: Duplex): Promise<unknown> {
  return new Promise((resolve) => stream.on("error", () => {}).once("close", resolve));
}

const refusal = (method: string, params: object, asker: Asker, workerId = shed) =>
  server.core.lines.open(workerId, { method, params: params as never }, asker, patience());
const wanted = { rows: 24, columns: 80 };

describe("a shell", { timeout: 120_000 }, () => {
  test("is a terminal: keys go there, its screen comes back, Ctrl-C is one, and exit ends the stream", async () => {
    const { id, type, shows, stream, screen } = await shell();
    type("tty; stty size; echo $((40 + 2))\n");
    await shows(/\/dev\/pts\/\d+\r\n30 101\r\n42\r\n/);
    type("sleep 1000\n");
    await shows(/sleep 1000\r\n/);
    type("\u0003");
    await shows("\\^C");
    type("exit 7\n");
    await once(stream, "end");
    expect(await over(id)).toMatchObject({ stateName: "Failed", detail: "exit status 7; shell of ada (u1)" });
    expect(screen()).toContain("exit 7");
  });

  test("is recorded: the unit's output is what the terminal showed, with its hash (CAT-122)", async () => {
    const { id, type, screen, stream } = await shell();
    type("echo only this; exit\n");
    await once(stream, "end");
    const ended = await over(id);
    const request = { method: "units.results", params: { unit: id, from: 0 } };
    const { stream: kept } = await server.core.lines.open(shed, request, admin, patience());
    const recording = screenOf(kept);
    await once(kept, "end");
    expect(recording()).toBe(screen());
    expect(recording()).toContain("only this");
    expect(ended["stdoutSize"]).toBe(Buffer.byteLength(screen()));
    const hash = createHash("sha256").update(screen()).digest("hex");
    expect(Object.values(ended)).toContain(hash);
  });

  test("takes another size from its own session, and from no other", async () => {
    const { id, type, shows, stream } = await shell();
    const resize = (asker: Asker) => {
      const request = { method: "shell.resize", params: { shell: id, rows: 40, columns: 90 } };
      return server.core.lines.call(shed, request, asker, patience());
    };
    await expect(resize({ ...admin, session: "s9" })).rejects.toMatchObject({ code: "SHELL_UNKNOWN" });
    type("trap 'echo W-$LINENO' WINCH; echo ready-$((1))\n");
    await shows("ready-1");
    expect(await resize(admin)).toEqual({ shell: id });
    type("stty size\n");
    await shows("40 90");
    stream.destroy();
    await over(id);
    await expect(resize(admin)).rejects.toMatchObject({ code: "SHELL_UNKNOWN" });
  });

  test("ends with its stream, and all that runs in it, deaf or not (CAT-59)", async () => {
    const { id, type, shows, screen, stream } = await shell();
    type("(trap '' HUP INT TERM; echo deaf=$BASHPID; while :; do sleep 1; done)\n");
    await shows(/deaf=\d+/);
    stream.destroy();
    expect(await over(id)).toMatchObject({ stateName: "Canceled" });
    await untilGone(screen().match(/deaf=(\d+)/)?.[1] ?? "");
  });

  test("ends when its session does (CAT-67)", async () => {
    const session = "s-to-end";
    const { id, type, shows, screen, stream } = await shell({ ...admin, session });
    type("echo pid=$$\n");
    await shows(/pid=\d+/);
    const ended = closeOf(stream);
    server.core.lines.cut(session, "logged out");
    await ended;
    expect(await over(id)).toMatchObject({ stateName: "Canceled" });
    await untilGone(screen().match(/pid=(\d+)/)?.[1] ?? "");
  });

  test("is for nobody below the level that the configuration asks, and for nobody where it is off (CAT-57)", async () => {
    await expect(refusal("shell.open", wanted, operator)).rejects.toMatchObject({ code: "SHELL_REFUSED" });
    await expect(refusal("shell.open", wanted, admin, closed)).rejects.toMatchObject({ code: "SHELL_REFUSED" });
  });

  test("is no work type that can be submitted around it", async () => {
    const submitted = { workType: "farhand-shell", params: { params: "x" } };
    const none = (async function* () {})();
    const taken = await server.core.lines.submit(shed, submitted, none, operator, patience());
    const { unit } = taken as { unit: string };
    expect(await over(unit)).toMatchObject({ stateName: "Failed", detail: "exit status 126" });
  });
});

test("`farhand shell` opens one, from the keyboard to the screen, and exits as it does", {
  timeout: 120_000,
}, async () => {
  await using folder = await tempFolder();
  const session = await loggedIn(server, folder.path);
  const stdin = Object.assign(new PassThrough(), { isTTY: true as const });
  let screen = "";
  const write = async (chunk: Uint8Array): Promise<void> => {
    if (screen === "") stdin.write("echo $((6 * 7))-here; exit 7\r");
    screen += Buffer.from(chunk).toString();
  };
  expect(await session.farhandOn({ stdin, write }, "shell", "shed")).toMatchObject({ exit: 7 });
  expect(screen).toContain("42-here\r\n");
});

test("`farhand shell` of a worker that opens none says so, what would, and exits with 4", {
  timeout: 120_000,
}, async () => {
  await using folder = await tempFolder();
  const session = await loggedIn(server, folder.path);
  const stdin = Object.assign(new PassThrough(), { isTTY: true as const });
  const { exit, err } = await session.farhandOn({ stdin }, "shell", "closed");
  expect(exit).toBe(4);
  expect(err.join("\n")).toMatch(/gives the caller no shell[\s\S]*shell: \{enabled: true/);
  expect(err.join("\n")).not.toContain("connected");
});

describe("a TCP service", { timeout: 120_000 }, () => {
  test("is reached by its name, each direction to its own end", async () => {
    const { stream } = await refusal("tcp.open", { service: "shout" }, operator);
    const screen = screenOf(stream);
    stream.end("hello ".repeat(50_000));
    await once(stream, "end");
    expect(screen()).toBe("HELLO ".repeat(50_000));
  });

  test("that is not named, or asks for more, is refused alike; one that is down is told", async () => {
    const refused = [];
    for (const service of ["other", "deep", "__proto__", "127.0.0.1:22"])
      refused.push(await refusal("tcp.open", { service }, operator).catch((error: unknown) => error));
    for (const error of refused)
      expect(error).toMatchObject({ code: "SERVICE_UNKNOWN", message: (refused[0] as Error).message });
    const down = refusal("tcp.open", { service: "nobody" }, operator);
    await expect(down).rejects.toMatchObject({ code: "SERVICE_UNREACHABLE" });
  });

  test("is cut with the session (CAT-67)", async () => {
    const session = "s-of-tcp";
    const connected = once(echo, "connection");
    const { stream } = await refusal("tcp.open", { service: "shout" }, { ...operator, session });
    const [socket] = (await connected) as [Duplex];
    const [ended, gone] = [closeOf(stream), closeOf(socket)];
    server.core.lines.cut(session, "logged out");
    await Promise.all([ended, gone]);
    expect(stream.destroyed).toBe(true);
  });
});
