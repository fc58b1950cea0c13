import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { command } from "../../test/kit/control-service.ts";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import { parseControlAddress } from "./address.ts";
import { connectControl } from "./client.ts";
import { type ControlListenerOptions, openControlListener } from "./listener.ts";

const echo = command("echo", async (request) => request);
const quiet = { warn: () => {}, error: () => {} };

async function open(options: Partial<ControlListenerOptions>) {
  const listener = await openControlListener({ nodeId: "alpha", commands: [echo], log: quiet, ...options });
  return { ...listener, [Symbol.asyncDispose]: () => listener.close() };
}

async function nodeAt(address = ""): Promise<string> {
  const client = await connectControl(parseControlAddress(address));
  client.close();
  return client.nodeId;
}

describe("openControlListener()", () => {
  test("refuses a service that listens nowhere", async () => {
    await expect(open({})).rejects.toMatchObject({ code: "NO_LISTENERS", message: "no listeners specified" });
  });

  test("refuses a command that is registered twice", async () => {
    await using folder = await tempFolder();
    const twice = open({ filename: folder.file("s"), commands: [echo, echo] });
    await expect(twice).rejects.toMatchObject({ code: "COMMAND_TWICE", message: expect.stringContaining('"echo"') });
  });

  test("listens on a Unix socket and TCP at once and names both", async () => {
    await using folder = await tempFolder();
    await using listener = await open({ filename: folder.file("s"), tcpListen: "localhost:0" });
    expect(listener.addresses).toEqual([
      `unix:${folder.file("s")}`,
      expect.stringMatching(/^tcp:\/\/127\.0\.0\.1:\d+$/),
    ]);
    for (const address of listener.addresses) expect(await nodeAt(address)).toBe("alpha");
  });

  test("listens on every address when only a port is given", async () => {
    await using listener = await open({ tcpListen: "0" });
    const { port } = parseControlAddress(listener.addresses[0] ?? "") as { port: number };
    expect(await nodeAt(`tcp://127.0.0.1:${port}`)).toBe("alpha");
    expect(await nodeAt(`tcp://localhost:${port}`)).toBe("alpha");
    if (listener.addresses[0]?.includes("[::]")) expect(await nodeAt(`tcp://[::1]:${port}`)).toBe("alpha");
  });

  test("says why it cannot listen on a port, and leaves nothing open", async () => {
    await using folder = await tempFolder();
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const both = { filename: folder.file("s"), tcpListen: `127.0.0.1:${port}` };
    await expect(open(both)).rejects.toMatchObject({ code: "LISTEN_FAILED", message: /something else listens there/ });
    expect(existsSync(folder.file("s"))).toBe(false);
    taken.close();
    await using _listener = await open({ filename: folder.file("s") });
  });

  test("serves streams that came another way under the same limits", async () => {
    await using folder = await tempFolder();
    await using listener = await open({ filename: folder.file("s") });
    const sent: string[] = [];
    const done = new Promise((resolve) => {
      const stream = new Duplex({ read() {}, write: (chunk, _e, next) => next(void sent.push(String(chunk))) });
      listener.serve(stream, "mesh");
      stream.push("echo over the mesh");
      stream.push(null);
      stream.once("close", resolve);
    });
    await done;
    expect(sent.join("")).toBe('Receptor Control, node alpha\n{"rest":"over the mesh"}\n');
  });
});

describe("the Unix socket", () => {
  test.each([
    [undefined, 0o600],
    [0o660, 0o660],
    [0o777, 0o777],
  ])("gets permissions %s as mode %i", async (permissions, mode) => {
    await using folder = await tempFolder();
    await using _listener = await open({ filename: folder.file("s"), permissions });
    expect(statSync(folder.file("s")).mode & 0o777).toBe(mode);
    expect(statSync(folder.file("s.lock")).mode & 0o777).toBe(0o600);
  });

  test("is never more open than its permissions, whatever the mask of the process", async () => {
    await using folder = await tempFolder();
    const before = process.umask(0);
    try {
      const opening = open({ filename: folder.file("s"), permissions: 0o600 });
      while (!existsSync(folder.file("s"))) await Promise.resolve();
      expect(statSync(folder.file("s")).mode & 0o077).toBe(0);
      expect(process.umask(0)).toBe(0);
      await (await opening).close();
    } finally {
      process.umask(before);
    }
  });

  test("goes when the listener closes; the lock file stays and is free", async () => {
    await using folder = await tempFolder();
    await (await open({ filename: folder.file("s") })).close();
    expect(readdirSync(folder.path)).toEqual(["s.lock"]);
    await using _again = await open({ filename: folder.file("s") });
  });

  test("replaces the stale socket of a daemon that was killed", async () => {
    await using folder = await tempFolder();
    leaveSocket(folder.file("s"));
    expect(statSync(folder.file("s")).isSocket()).toBe(true);
    await using listener = await open({ filename: folder.file("s") });
    expect(await nodeAt(listener.addresses[0])).toBe("alpha");
  });

  test("never replaces a file that is no socket", async () => {
    await using folder = await tempFolder();
    writeFileSync(folder.file("s"), "precious");
    await expect(open({ filename: folder.file("s") })).rejects.toMatchObject({ code: "SOCKET_PATH_TAKEN" });
    expect(readFileSync(folder.file("s"), "utf8")).toBe("precious");
  });

  test("is refused while another process holds the lock, which is named", async () => {
    await using folder = await tempFolder();
    const holder = spawn("sh", ["-c", 'exec flock "$0" sh -c "echo locked; read line"', folder.file("s.lock")]);
    await new Promise((resolve) => holder.stdout.once("data", resolve));
    const refused = { code: "SOCKET_LOCKED", message: expect.stringMatching(/another daemon \(process \d+\)/) };
    await expect(open({ filename: folder.file("s") })).rejects.toMatchObject(refused);
    const ended = new Promise((resolve) => holder.once("exit", resolve));
    holder.stdin.end("\n");
    await ended;
    await using _listener = await open({ filename: folder.file("s") });
  });

  test("is refused while another daemon serves it, whose node is named", async () => {
    await using folder = await tempFolder();
    await using _first = await open({ filename: folder.file("s"), nodeId: "first" });
    const refused = { code: "SOCKET_LOCKED", message: expect.stringContaining("(node first, process ") };
    await expect(open({ filename: folder.file("s") })).rejects.toMatchObject(refused);
  });

  test("is refused when the path is longer than the system allows, or the folder is missing", async () => {
    await using folder = await tempFolder();
    const long = open({ filename: folder.file("x".repeat(108)) });
    await expect(long).rejects.toMatchObject({ code: "LISTEN_FAILED", message: expect.stringContaining("107") });
    const missing = open({ filename: folder.file("no/s") });
    await expect(missing).rejects.toMatchObject({ code: "LISTEN_FAILED", message: /the folder does not exist/ });
  });
});

test("a listener survives running out of descriptors", async () => {
  await using folder = await tempFolder();
  await using listener = await open({ filename: folder.file("s") });
  const before = descriptorLimit();
  const limits = spawn("sh", [
    "-c",
    'read few; prlimit -p "$0" "-n$few:"; read all; prlimit -p "$0" "-n$all:"',
    `${process.pid}`,
  ]);
  const restored = new Promise((resolve) => limits.once("exit", resolve));
  // The clients have theirs already; it is the server that gets none.
  const clients = Array.from({ length: 3 }, () => connect(folder.file("s")).on("error", () => {}));
  limits.stdin.write("3\n");
  // Without giving the server its turn, which would accept them.
  while (canOpen());
  await sleep(50);
  limits.stdin.end(`${before}\n`);
  await restored;
  for (const client of clients) client.destroy();
  expect(await nodeAt(listener.addresses[0])).toBe("alpha");
});

/** Make a socket file without anybody behind it, as SIGKILL leaves it. */
function leaveSocket(path: string): void {
  const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  try {
    execFileSync(process.execPath, ["-e", script], { stdio: "ignore" });
  } catch {
    // It was killed, as it should be.
  }
}

function canOpen(): boolean {
  try {
    closeSync(openSync("/dev/null", "r"));
    return true;
  } catch {
    return false;
  }
}

/** The soft limit of descriptors of this process. */
function descriptorLimit(): string {
  return /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? "1024";
}
