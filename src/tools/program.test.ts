import { closeSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import { defaultBudget } from "./budget.ts";
import { ToolError } from "./errors.ts";
import { runTool, type ToolStage } from "./program.ts";
import type { ToolOrder } from "./tool-command.ts";

const policy = {
  targets: ["127.0.0.0/8"],
  interfaces: ["any"],
  filters: { allow: "any", named: {} },
  budget: defaultBudget,
} as const;

/** Run an order as the program does; with what it wrote. */
async function ran(order: Partial<ToolOrder> | string, stage: Partial<ToolStage> = {}) {
  await using folder = await tempFolder();
  const [stdout, stderr] = [openSync(folder.file("out"), "w"), openSync(folder.file("log"), "w")];
  const text = typeof order === "string" ? order : JSON.stringify({ policy, own: [], ...order });
  try {
    const code = await runTool(text, { stdout, stderr, stopped: new AbortController().signal, ...stage });
    const read = (name: string): string => readFileSync(folder.file(name), "utf8");
    // The log begins with an empty line, which holds a block of the disk for what comes.
    return { code, out: read("out"), log: read("log").replace(/^\n/, "") };
  } finally {
    for (const fd of [stdout, stderr]) closeSync(fd);
  }
}

const tcp = (host: string, port = 9): Partial<ToolOrder> => ({ tool: "tcp", params: JSON.stringify({ host, port }) });

describe("runTool()", () => {
  test("resolves a name once, and uses only what came out", async () => {
    await using server = createServer((socket) => socket.end());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const answers = [["127.0.0.1"], ["192.0.2.66"]];
    const asked: string[] = [];
    const lookup = async (name: string) => {
      asked.push(name);
      return answers.shift() ?? [];
    };
    const { code, out } = await ran(tcp("db.example", (server.address() as AddressInfo).port), { lookup });
    expect({ code, asked }).toEqual({ code: 0, asked: ["db.example"] });
    expect(out).not.toContain("192.0.2.66");
  });

  test("a name that leads outside the list is refused at once, and nothing is written", async () => {
    const said = await ran(tcp("evil.example"), { lookup: async () => ["169.254.169.254", "10.0.0.1"] });
    expect(said).toMatchObject({ code: 12, out: "" });
    expect(said.log).toMatch(
      /^TARGET_REFUSED: this worker's tools may not look at evil\.example \(169\.254\.169\.254, 10\./,
    );
  });

  test("looks at the params itself, whoever has looked at them before", async () => {
    expect(await ran(tcp("10.0.0.1"))).toMatchObject({ code: 12, out: "" });
    expect(await ran({ tool: "tcp", params: '{"host":"127.0.0.1","port":0}' })).toMatchObject({ code: 2, out: "" });
    expect(await ran({ tool: "id", params: "{}" })).toMatchObject({
      code: 8,
      log: "TOOL_FAILED: there is no tool id\n",
    });
    expect(await ran("no order")).toMatchObject({ code: 1, out: "" });
  });

  test("writes no more than its budget", async () => {
    const small = { ...policy, budget: { ...defaultBudget, bytes: 30 } };
    const said = await ran({ ...tcp("127.0.0.1"), policy: small });
    expect(said).toMatchObject({ code: 12, out: "" });
    expect(said.log).toMatch(/^BUDGET_EXCEEDED: the result is longer than the 30 bytes/);
  });

  test("a resolver that never answers is not waited for when the unit is to end", async () => {
    const stopping = new AbortController();
    const lookup = (): Promise<string[]> => {
      stopping.abort(new ToolError("CANCELED", "the unit was cancelled"));
      return new Promise(() => {});
    };
    const said = await ran(tcp("slow.example"), { lookup, stopped: stopping.signal });
    expect(said.code).not.toBe(0);
    expect(said.log).toContain("the unit was cancelled");
  });
});
