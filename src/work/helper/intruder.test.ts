import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { builtHelpers, openTestNode, patience } from "../../../test/kit/units.ts";
import { isFinal } from "../wire.ts";

beforeAll(builtHelpers);

/** Say something to a helper's socket as a stranger; gives what it answered before it hung up. */
async function say(socketPath: string, words: string): Promise<string> {
  const socket = createConnection(socketPath);
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk.toString();
  });
  socket.on("error", () => undefined);
  socket.write(words);
  await once(socket, "close", { signal: patience() });
  return answer;
}

function helperSocketOf(dataDir: string): string {
  const dir = join(dataDir, ".farhand", "alpha", "helpers");
  const name = readdirSync(dir).find((file) => file.endsWith(".sock"));
  return join(dir, name ?? "no helper");
}

describe("a stranger at a helper's socket", () => {
  test.each([
    ["garbage", "\u0000\u0001 not json\n"],
    ["an order without a hello", '{"kind":"stop","unit":"aaaaaaaa","cause":"CANCELED"}\n'],
    ["a hello without a token", '{"kind":"hello","env":{}}\n'],
    ["a hello with a wrong token of the right length", `{"kind":"hello","token":"${"0".repeat(64)}","env":{}}\n`],
    ["a hello whose token is no text", '{"kind":"hello","token":{"length":64},"env":{}}\n'],
    ["null", "null\n"],
  ])("is hung up on after %s, and the helper goes on", async (_name, words) => {
    await using node = await openTestNode();
    const unit = await node.start("sleep 0.2; echo done");
    expect(await say(helperSocketOf(node.dataDir), words)).toBe("");
    await unit.until(({ State }) => isFinal(State), patience());
    expect(unit.status).toMatchObject({ Cause: "EXITED", ExitCode: 0, StdoutSize: 5 });
  });

  test("finds neither token nor environment where other users could look", async () => {
    await using node = await openTestNode();
    await node.run("true");
    const dir = join(node.dataDir, ".farhand", "alpha", "helpers");
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    for (const card of readdirSync(dir).filter((name) => name.endsWith(".json"))) {
      expect(statSync(join(dir, card)).mode & 0o777).toBe(0o600);
      const { token, process } = JSON.parse(readFileSync(join(dir, card), "utf8")) as {
        token: string;
        process: { pid: number };
      };
      expect(token).toMatch(/^[0-9a-f]{64}$/);
      expect(readFileSync(`/proc/${process.pid}/cmdline`, "latin1")).not.toContain(token);
      expect(readFileSync(`/proc/${process.pid}/environ`, "latin1")).not.toContain(token);
    }
  });
});

describe("a command", () => {
  test("is not told what is meant for Farhand, but is told its unit", async () => {
    process.env["FARHAND_SECRET_OF_THE_DAEMON"] = "s3cret";
    try {
      await using node = await openTestNode();
      const unit = await node.start("env");
      await unit.until(({ State }) => isFinal(State), patience());
      const environment = readFileSync(unit.folder.stdout, "utf8");
      expect(environment).not.toContain("s3cret");
      expect(environment).toContain(`FARHAND_UNIT_ID=${unit.id}`);
    } finally {
      delete process.env["FARHAND_SECRET_OF_THE_DAEMON"];
    }
  });

  test("inherits no descriptor of Farhand's beyond 0, 1 and 2", async () => {
    await using node = await openTestNode();
    const unit = await node.start("ls /proc/self/fd");
    await unit.until(({ State }) => isFinal(State), patience());
    // 3 is the folder that ls itself reads.
    expect(readFileSync(unit.folder.stdout, "utf8").trim().split("\n")).toEqual(["0", "1", "2", "3"]);
  });

  test("keeps the signals a program expects: none is blocked or ignored", async () => {
    await using node = await openTestNode();
    const unit = await node.start("grep -E 'Sig(Blk|Ign)' /proc/self/status");
    await unit.until(({ State }) => isFinal(State), patience());
    expect(readFileSync(unit.folder.stdout, "utf8")).toBe("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  });
});

test.each(["../../../etc", "..", ".farhand", "/etc/passwd", "aaaaaaaa/../bbbbbbbb", "aaaa aaaa", "a".repeat(65)])(
  "no path gets in as a unit id: %s",
  async (id) => {
    await using node = await openTestNode();
    expect(() => node.units.get(id)).toThrow(/^unknown work unit /);
    await expect(node.units.release(id, { force: true, signal: patience() })).rejects.toMatchObject({
      code: "UNIT_NOT_FOUND",
    });
    const unit = node.units.allocate({ workType: "sh", params: {}, wantedId: id });
    expect(unit.id).toMatch(/^[0-9A-Za-z]{8}$/);
  },
);
