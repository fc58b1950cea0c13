import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type TempFolder, tempFolder } from "../../test/kit/temp-folder.ts";
import { testTerminal } from "../../test/kit/test-terminal.ts";
import { builtHelpers } from "../../test/kit/units.ts";
import { type WorkerNode, workerNode } from "../../test/kit/worker-node.ts";
import { commands } from "./commands.ts";
import { reportFailure } from "./failure.ts";
import { runProgram } from "./program.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: TempFolder;
let alone: WorkerNode;

beforeAll(async () => {
  await builtHelpers();
  folder = await tempFolder();
  alone = await workerNode(folder, "alone", "- tcp-listener: {port: 0, bindaddr: 127.0.0.1}\n");
});
afterAll(async () => {
  await alone?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

async function farhand(...words: string[]) {
  const { terminal, out, err } = testTerminal("");
  const style = { json: words.includes("--json"), stdoutTaken: false };
  const exit = await runProgram([...words, "--socket", folder.file("alone.sock")], commands, terminal).catch(
    (error: unknown) => reportFailure(error, terminal, style),
  );
  return { exit, out, err };
}

test.each(["connect nobody control", "work list --node nobody"])("%s: no route, and where to look", async (line) => {
  expect(await farhand(...line.split(" "))).toEqual({
    exit: 5,
    out: [],
    err: [
      "farhand: no route to node nobody",
      "try: `farhand status` shows the nodes in reach, and which roads do not work",
    ],
  });
});

test("programs get the code", async () => {
  const { exit, out } = await farhand("work", "list", "--node", "nobody", "--json");
  expect([exit, JSON.parse(out.join(""))]).toEqual([
    5,
    {
      error: {
        code: "NO_ROUTE",
        message: "no route to node nobody",
        remedy: "`farhand status` shows the nodes in reach, and which roads do not work",
      },
    },
  ]);
});

test.each(["ping nobody --count 1", "traceroute nobody"])("%s ends like that, too", async (line) => {
  const { exit, err } = await farhand(...line.split(" "));
  expect(exit).toBe(5);
  expect(err.at(-1)).toBe("try: `farhand status` lists the nodes in reach");
});

test("a service that a node does not have is another thing", async () => {
  expect(await farhand("connect", "localhost", "nothing")).toMatchObject({
    exit: 5,
    err: [expect.stringContaining("service unknown"), "try: `farhand status` lists the services of all nodes"],
  });
});

test("so is a profile that the worker does not have", async () => {
  expect(await farhand("connect", "localhost", "control", "--tls-client", "none")).toMatchObject({
    exit: 2,
    err: ["farhand: unknown TLS config none", expect.stringMatching(/^try: check --tls-client/)],
  });
});
