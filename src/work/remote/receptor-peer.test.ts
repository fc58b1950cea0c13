import { existsSync, mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type ControlCommand, ControlError } from "#control";
import { openMeshNode, TestMesh } from "../../../test/kit/remote.ts";
import {
  builtHelpers,
  ended,
  eventually,
  outputOf,
  patience,
  quoted,
  shell,
  type TestNode,
  written,
} from "../../../test/kit/units.ts";
import { workCommand } from "../commands.ts";
import type { RemoteData } from "./remote-data.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

const workTypes = [{ ...shell, cancelGraceMs: 500 }];

/** The work command as Receptor has it: what it does not know is a bad command, and a status has five fields. */
function receptorCommand(asked: string[]) {
  return (node: TestNode, nodeId: string): ControlCommand => {
    const command = workCommand(node.units, nodeId);
    return {
      ...command,
      parseText: (rest) => {
        asked.push(rest);
        return command.parseText(rest);
      },
      parseJson: (request) => {
        asked.push(JSON.stringify(request));
        if (["order", "attach", "withdraw"].includes(String(request["subcommand"]))) {
          throw new ControlError("REQUEST_INVALID", "bad command");
        }
        return command.parseJson(request);
      },
      run: async (request, session) => {
        const reply = await command.run(request, session);
        if (typeof reply === "string" || !("State" in reply)) return reply;
        const { State, Detail, StdoutSize, WorkType, ExtraData } = reply;
        return { State, Detail, StdoutSize, WorkType, ExtraData };
      },
    };
  };
}

async function openPair() {
  const mesh = new TestMesh();
  const asked: string[] = [];
  const alpha = await openMeshNode(mesh, "alpha", { workTypes });
  const beta = await openMeshNode(mesh, "beta", { workTypes, commandOf: receptorCommand(asked) });
  const { units } = alpha.node;
  return {
    mesh,
    alpha,
    beta,
    asked,
    units,
    submit: async (script: string, input = "") => {
      const unit = units.allocateRemote({ node: "beta", workType: "sh", params: { params: quoted(script) } });
      await units.receive(
        unit,
        (async function* () {
          if (input !== "") yield Buffer.from(input);
        })(),
      );
      await units.start(unit);
      return unit;
    },
    [Symbol.asyncDispose]: async () => {
      await beta[Symbol.asyncDispose]();
      await alpha[Symbol.asyncDispose]();
    },
  };
}

describe("remote units on a Receptor node", () => {
  test("are submitted, polled and fetched in its words", async () => {
    await using pair = await openPair();
    const unit = await pair.submit("tr a-z A-Z", "hello");
    expect(await ended(unit)).toMatchObject({ State: 2, ExitCode: 0, Cause: "REMOTE_REPORTED", StdoutSize: 5 });
    expect(outputOf(unit)).toBe("HELLO");
    const { RemoteUnitID } = unit.status.ExtraData as RemoteData;
    const asked = pair.asked.filter((line) => !/order|attach/.test(line));
    expect(asked[0]).toBe(
      '{"params":"\'tr a-z A-Z\'","command":"work","subcommand":"submit","node":"beta","worktype":"sh","tlsclient":""}',
    );
    expect(asked).toContain(`status ${RemoteUnitID}`);
    expect(asked).toContain(`{"command":"work","subcommand":"results","unitid":"${RemoteUnitID}","startpos":0}`);
  });

  test("are asked for orders once, not each time", async () => {
    await using pair = await openPair();
    await ended(await pair.submit("true"));
    await ended(await pair.submit("true"));
    expect(pair.asked.filter((line) => line.includes('"order"'))).toHaveLength(1);
  });

  test("go on from the byte that is missing after a cut", async () => {
    await using pair = await openPair();
    const unit = await pair.submit("echo one; sleep 3; echo two");
    await written(unit, "one");
    pair.mesh.cut();
    expect((await ended(unit)).State).toBe(2);
    expect(outputOf(unit)).toBe("one\ntwo\n");
    expect(pair.asked.some((line) => line.includes('"results"') && line.includes('"startpos":4'))).toBe(true);
  });

  test("are refused in its words", async () => {
    await using pair = await openPair();
    const unit = pair.units.allocateRemote({ node: "beta", workType: "nothing", params: {} });
    const message = "could not parse response: ERROR: unknown work type nothing";
    await expect(pair.units.start(unit)).rejects.toMatchObject({ code: "REMOTE_REFUSED", message });
  });

  test("are cancelled and released", async () => {
    await using pair = await openPair();
    const unit = await pair.submit("echo up; exec sleep 600");
    await written(unit, "up");
    expect(await pair.units.cancel(unit.id, patience())).toBe("done");
    expect(await ended(unit)).toMatchObject({ State: 4, Detail: "Canceled", Cause: "CANCELED" });
    expect(outputOf(unit)).toBe("up\n");
    expect(await pair.units.release(unit.id, { force: false, signal: patience() })).toBe("done");
    expect(existsSync(unit.folder.dir)).toBe(false);
    expect(pair.beta.node.units.list()).toEqual({});
  });

  test("wait while the disk here does not take their output", async () => {
    await using pair = await openPair();
    const unit = pair.units.allocateRemote({ node: "beta", workType: "sh", params: { params: quoted("echo hello") } });
    await pair.units.receive(unit, (async function* () {})());
    mkdirSync(unit.folder.stdout);
    await pair.units.start(unit);
    await unit.until(({ Stalled }) => Stalled !== undefined, patience());
    rmdirSync(unit.folder.stdout);
    expect(await ended(unit)).toMatchObject({ State: 2, StdoutSize: 6 });
    expect(outputOf(unit)).toBe("hello\n");
  });

  test("run once, also when this daemon ends before it hears that they have started", async () => {
    await using pair = await openPair();
    const mark = pair.beta.node.folder.file("runs");
    let hold = true;
    pair.mesh.onStream = (far) => {
      const write = far.write.bind(far) as (chunk: unknown, done?: () => void) => boolean;
      far.write = ((chunk: unknown, done?: () => void) =>
        hold && String(chunk).includes('"result"') ? false : write(chunk, done)) as typeof far.write;
    };
    const submitting = pair.submit(`echo run >> ${mark}; echo done`).catch(() => undefined);
    await eventually("it ran", () => existsSync(mark));
    const [id = ""] = Object.keys(pair.units.list());
    const file = pair.units.get(id).folder.status;
    pair.alpha.node.close();
    await pair.alpha.stop();
    await submitting;
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ ExtraData: { RemoteStarted: false } });
    hold = false;
    await pair.alpha.start();
    const unit = pair.alpha.node.units.get(id);
    expect((await ended(unit)).State).toBe(2);
    expect([outputOf(unit), readFileSync(mark, "utf8")]).toEqual(["done\n", "run\n"]);
  });

  test("fail when they are gone over there, and are released all the same", async () => {
    await using pair = await openPair();
    const unit = await pair.submit("exec sleep 600");
    const { RemoteUnitID } = unit.status.ExtraData as RemoteData;
    await pair.beta.node.units.release(RemoteUnitID, { force: false, signal: patience() });
    expect(await ended(unit)).toMatchObject({ State: 3, Detail: "Remote work unit is gone", Cause: "REMOTE_GONE" });
    expect(await pair.units.release(unit.id, { force: false, signal: patience() })).toBe("done");
  });
});
