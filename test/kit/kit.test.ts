import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { nodeIdAt } from "./daemon.ts";
import { freePort } from "./free-port.ts";
import { descendants, isRunning, readProcess, runProcess, startProcess, untilGone } from "./processes.ts";
import { tempFolder } from "./temp-folder.ts";

const soon = () => AbortSignal.timeout(20_000);

describe("tempFolder()", () => {
  test("is removed with its content at the end of the scope", async () => {
    let path: string;
    {
      await using folder = await tempFolder();
      path = folder.path;
      await writeFile(folder.file("note"), "x");
      expect(existsSync(path)).toBe(true);
    }
    expect(existsSync(path)).toBe(false);
  });

  test("leaves a Unix socket path of 107 bytes room for a datadir, a node and a name", async () => {
    await using folder = await tempFolder();
    expect(folder.path.length).toBeLessThanOrEqual(50);
  });
});

test("freePort() gives a port that can be listened on", async () => {
  const port = await freePort();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  expect(server.listening).toBe(true);
  await new Promise((resolve) => server.close(resolve));
});

describe("startProcess()", () => {
  test("line() gives a line that is past and one that is still to come", async () => {
    await using shell = await startProcess("sh", ["-c", "echo first; read answer; echo got $answer; exec sleep 600"], {
      stdin: "open",
    });
    expect(await shell.line(/first/, soon())).toBe("first");
    shell.child.stdin?.write("hello\n");
    expect(await shell.line(/^got/, soon())).toBe("got hello");
  });

  test("line() fails when the process ends without it", async () => {
    await using shell = await startProcess("sh", ["-c", "echo other >&2; exit 3"]);
    await expect(shell.line(/wanted/, soon())).rejects.toThrow(/ended \(3\).*other/s);
  });

  test("ends the process at the end of the scope", async () => {
    let pid: number;
    {
      await using sleeper = await startProcess("sleep", ["600"]);
      pid = sleeper.pid;
      expect(isRunning(pid)).toBe(true);
    }
    expect(isRunning(pid)).toBe(false);
  });

  test("rejects when there is no such program", async () => {
    await expect(startProcess("/no/such/program", [])).rejects.toThrow(/ENOENT/);
  });
});

test("runProcess() hands over input and gives code and output", async () => {
  const output = await runProcess("sh", ["-c", "cat; echo oops >&2; exit 7"], { input: "payload" });
  expect(output).toEqual({ code: 7, stdout: "payload", stderr: "oops\n" });
});

test("descendants() sees children and their children", async () => {
  await using shell = await startProcess("sh", ["-c", "sh -c 'sleep 600 & echo ready; wait'; :"]);
  await shell.line(/ready/, soon());
  const below = descendants(shell.pid);
  expect(below.map(({ command }) => command)).toContain("sleep 600");
  for (const { pid } of below) process.kill(pid, "SIGKILL");
  for (const { pid } of below) await untilGone(pid, soon());
});

test("isRunning() tells a process from a later one with the same pid", () => {
  const { startTime } = readProcess(process.pid) ?? {};
  expect(isRunning(process.pid, startTime)).toBe(true);
  expect(isRunning(process.pid, (startTime ?? 0) + 1)).toBe(false);
});

test("nodeIdAt() waits for a control service and gives the node of its banner", async () => {
  await using folder = await tempFolder();
  const path = folder.file("control.sock");
  const answer = nodeIdAt(path, soon());
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.end("Receptor Control, node far away\n");
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  expect(await answer).toBe("far away");
  await new Promise((resolve) => server.close(resolve));
});
