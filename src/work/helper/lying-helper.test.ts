import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { builtHelpers, openTestNode, patience, type TestNode } from "../../../test/kit/units.ts";
import { identityOf } from "../unit/process-table.ts";
import { isFinal } from "../wire.ts";
import { helperSocket, newHelperId, writeCard } from "./helper-card.ts";

beforeAll(builtHelpers);

const standIns: ChildProcess[] = [];
afterEach(() => {
  for (const standIn of standIns.splice(0)) standIn.kill("SIGKILL");
});

/**
 * A helper that has its token and its card, and lies (a taken-over process of the same account). The daemon finds it when it
 * starts, greets it, and believes it as far as it must.
 */
async function lyingHelper(node: TestNode, welcome: readonly string[]) {
  const dir = join(node.dataDir, ".farhand", "alpha", "helpers");
  // The daemon ends helpers that do not answer: a process that may be ended stands in for it.
  const standIn = spawn("sleep", ["600"], { stdio: "ignore" });
  standIns.push(standIn);
  const process = identityOf(standIn.pid ?? 0);
  if (!process) throw new Error("the stand-in does not run");
  const { id, token } = newHelperId();
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.once("data", () => socket.write(`${JSON.stringify({ kind: "welcome", units: welcome })}\n`));
    socket.resume();
  });
  server.listen(helperSocket(dir, id));
  await once(server, "listening");
  writeCard(dir, { id, token, version: "1", process });
  await node.reopen();
  if (sockets.length === 0) await once(server, "connection", { signal: patience() });
  return {
    say: (text: string) => sockets.at(-1)?.write(text),
    hungUp: async () => {
      const socket = sockets.at(-1);
      // A reset is a hang-up too.
      if (socket && !socket.closed) await new Promise<void>((resolve) => socket.once("close", () => resolve()));
    },
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const line = (report: object): string => `${JSON.stringify(report)}\n`;
/** As a unit that succeeded long ago would be reported. */
const success = { State: 2, Detail: "exit status 0", StdoutSize: 0, WorkType: "sh", Cause: "EXITED", ExitCode: 0 };

describe("a helper that lies (CAT-86)", () => {
  test("ends no unit that another one minds, whatever it says of it", async () => {
    await using node = await openTestNode();
    const { id } = await node.start("sleep 1; echo true");
    using liar = await lyingHelper(node, []);
    for (const unit of [id, "nobodys1", "../../../etc"]) {
      liar.say(line({ kind: "status", unit, status: success }));
      liar.say(line({ kind: "refused", unit, fence: 1 }));
    }
    liar.say(line({ kind: "pong" }));
    const unit = node.units.get(id);
    await unit.until(({ State }) => isFinal(State), patience());
    expect(unit.status).toMatchObject({ Cause: "EXITED", ExitCode: 0, StdoutSize: 5 });
  });

  test.each<readonly [string, string]>([
    ["no JSON", "{]\n"],
    ["null", "null\n"],
    ["a status without a status", line({ kind: "status", unit: "AbCd1234" })],
    ["a status that is a text", line({ kind: "status", unit: "AbCd1234", status: "Succeeded" })],
    ["a unit that is an object", line({ kind: "status", unit: { id: 1 }, status: success })],
    ["what only a daemon says", line({ kind: "stop", unit: "AbCd1234", cause: "CANCELED" })],
    ["a line without an end", "x".repeat(4 * 1024 * 1024)],
  ])("is hung up on when it says %s, and the daemon goes on", async (_what, words) => {
    await using node = await openTestNode();
    await node.run("true");
    using liar = await lyingHelper(node, []);
    liar.say(words);
    await liar.hungUp();
    expect(await node.run("echo on")).toMatchObject({ Cause: "EXITED", ExitCode: 0, StdoutSize: 3 });
  });
});
