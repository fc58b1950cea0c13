import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { beforeAll, describe, expect, test } from "vitest";
import { silentLog } from "#core";
import type { Caller } from "#fleet";
import { UnitState } from "#work/wire";
import { streamPair } from "../../../test/kit/api.ts";
import { builtHelpers, openTestNode, patience, type TestNode } from "../../../test/kit/units.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { type ShellPolicy, Shells } from "./shell-stream.ts";
import { openTerminal, shellSection, shellWorkType, word } from "./terminal.ts";

beforeAll(builtHelpers, 120_000);

const ada: Caller = { name: "ada (u1)", level: "admin", carrier: "forwarded", session: "s1" };
const size = { rows: 24, columns: 80 };

async function node(): Promise<TestNode> {
  const folder = await tempFolder();
  const { params } = shellSection(folder.file("shells"))["work-command"];
  const program = { command: "perl", params, allowRuntimeParams: true, cancelGraceMs: 500 } as const;
  return await openTestNode({ folder, workTypes: [{ kind: "command", workType: shellWorkType, ...program }] });
}

function shellsOf({ units, folder }: TestNode, policy: Partial<ShellPolicy> = {}, mayTake = true): Shells {
  return new Shells({
    ...{ units, log: silentLog, folder: folder.file("shells"), mayTake: () => mayTake },
    policy: { enabled: true, command: "exec sh", level: "admin", ...policy },
  });
}

/** Open one as the stream service does. */
function opened(shells: Shells, caller = ada) {
  const { server, worker } = streamPair();
  const answers: unknown[] = [];
  const over = new AbortController();
  worker.once("close", () => over.abort(new Error("the stream is over")));
  const asked = { stream: worker, answer: (result: unknown) => void answers.push(result) };
  const [stream] = shells.streams;
  const done = stream?.run(size, asked, { caller, id: "1", signal: over.signal });
  return { client: server, done, answers };
}

describe("a shell over a stream", { timeout: 120_000 }, () => {
  test("loses no key and no byte of the screen, however much there is at once", async () => {
    await using at = await node();
    const shells = shellsOf(at, { command: "stty raw -echo; echo go; exec head -c 400000" });
    const { client, done } = opened(shells);
    const typed = randomBytes(400_000);
    // Before `raw` a terminal would take some keys for orders.
    await new Promise((resolve) => client.once("readable", resolve));
    const shown = buffer(client);
    client.write(typed);
    await done;
    const screen = await shown;
    expect(screen.subarray(-typed.length).equals(typed)).toBe(true);
    await shells.close();
  });

  test("says whose it is in the unit's detail, and in its params for good", async () => {
    await using at = await node();
    const shells = shellsOf(at);
    const { client, done, answers } = opened(shells);
    client.write("exit 3\n");
    client.resume();
    await done;
    const { shell } = answers[0] as { shell: string };
    const report = at.units.get(shell).report();
    expect(report.Detail).toBe("exit status 3; shell of ada (u1)");
    expect(report.ExtraData).toMatchObject({ Params: expect.stringMatching(/"ada \(u1\)"$/) as string });
    await shells.close();
  });

  test("is refused where it is off, below its level, and while no work is taken; then there is no unit", async () => {
    await using at = await node();
    const cases = [
      [shellsOf(at, { enabled: false }), ada, "SHELL_REFUSED"],
      [shellsOf(at), { ...ada, level: "configure" } as Caller, "SHELL_REFUSED"],
      [shellsOf(at, {}, false), ada, "WORK_SWITCHED_OFF"],
    ] as const;
    for (const [shells, caller, code] of cases)
      await expect(opened(shells, caller).done).rejects.toMatchObject({ code });
    expect(at.units.list()).toEqual({});
  });

  test("ends when the worker does", async () => {
    await using at = await node();
    const shells = shellsOf(at);
    const { client, done } = opened(shells);
    const ended = done?.catch((error: unknown) => error);
    await new Promise((resolve) => client.once("readable", resolve));
    await shells.close();
    expect(await ended).toMatchObject({ message: "the worker ends" });
    expect(Object.values(at.units.list())).toMatchObject([{ State: UnitState.Canceled }]);
  });

  test("that an earlier daemon has left is ended by the next", async () => {
    await using at = await node();
    const { client, done } = opened(shellsOf(at));
    done?.catch(() => {});
    await new Promise((resolve) => client.once("readable", resolve));
    await at.reopen();
    const next = shellsOf(at);
    await next.endLeft();
    expect(Object.values(at.units.list())).toMatchObject([{ State: UnitState.Canceled }]);
    client.destroy();
  });
});

test("a terminal whose daemon is gone hangs up", { timeout: 120_000 }, async () => {
  await using at = await node();
  const unit = at.units.allocate({ workType: shellWorkType, params: { params: word("a\"b\\c 'd'") } });
  const terminal = await openTerminal(at.folder.file("shells"), unit.id, { ...size, command: "exec sh" });
  await at.units.receive(unit, (async function* () {})());
  await at.units.start(unit);
  await at.units.results(unit, 0, patience()).next();
  await terminal.close();
  await unit.until(({ State }) => State === UnitState.Failed, patience());
  expect(unit.status.Detail).toBe("exit status 129");
});
