import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { createInterface } from "node:readline";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { openMeshNode, TestMesh } from "../../../test/kit/remote.ts";
import { builtHelpers, ended, eventually, patience, shell, type Unit } from "../../../test/kit/units.ts";
import { FrameKind, frameHeader } from "./frames.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

/** Does not wait: what takes minutes of the clock takes milliseconds here. */
const hastyClock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal) => sleep(Math.min(ms, 5), undefined, signal ? { signal } : {}),
};

/** What a node answers to each line; nothing more when it has hung up. */
type Answer = (line: string, stream: Duplex) => void;

/** `alpha` has given work to a node that answers as it likes. */
async function withPeer(answer: Answer, banner = "Receptor Control, node liar\n") {
  const mesh = new TestMesh();
  const alpha = await openMeshNode(mesh, "alpha", { workTypes: [shell], clock: hastyClock });
  mesh.join("liar", (stream) => {
    stream.write(banner);
    createInterface({ input: stream }).on("line", (line) => answer(line, stream));
  });
  const { units } = alpha.node;
  const unit = units.allocateRemote({ node: "liar", workType: "sh", params: {} });
  await units.receive(unit, (async function* () {})());
  return { alpha, units, unit, [Symbol.asyncDispose]: () => alpha[Symbol.asyncDispose]() };
}

/** Takes an order as it should be taken, and then pushes these bytes. */
function pushing(frames: () => readonly Buffer[]): Answer {
  return (line, stream) => {
    if (line.includes('"order"')) {
      const { workUnitID, bytes } = JSON.parse(line) as { workUnitID: string; bytes: number };
      stream.write(`${JSON.stringify({ unitid: workUnitID, from: bytes })}\n`);
    } else if (line === "start") stream.write('{"result":"Job Started"}\n');
    else if (line.includes('"attach"')) {
      stream.write("Streaming unit x\n");
      for (const frame of frames()) stream.write(frame);
      stream.end();
    }
  };
}

function frame(kind: 1 | 2 | 3, body: string | Buffer): Buffer {
  const bytes = Buffer.from(body as string);
  return Buffer.concat([frameHeader(kind, bytes.length), bytes]);
}

function status(fields: object): Buffer {
  const whole = { State: 2, Detail: "exit status 0", StdoutSize: 3, WorkType: "sh", ExtraData: null, ...fields };
  return frame(FrameKind.Status, JSON.stringify(whole));
}

async function endOf(unit: Unit, start: Promise<boolean>) {
  await start.catch(() => undefined);
  return await ended(unit);
}

describe("a Farhand peer that lies", () => {
  test.each([
    ["about the length", [frame(2, "abc"), status({ StdoutSize: 4 })]],
    ["about an enormous length", [frame(2, "abc"), status({ StdoutSize: Number.MAX_SAFE_INTEGER })]],
    ["about the content", [frame(2, "abc"), status({ StdoutSha256: "0".repeat(64) })]],
    ["that it has the output", [frame(3, "the output is shorter than its status says")]],
  ])("%s never makes a unit succeed", async (_, frames) => {
    let times = 0;
    await using peer = await withPeer(
      pushing(() => {
        times++;
        return frames;
      }),
    );
    expect(await endOf(peer.unit, peer.units.start(peer.unit))).toMatchObject({ State: 3, Cause: "OUTPUT_MISMATCH" });
    expect(times).toBe(2);
  });

  test("once is forgiven: the output is fetched again from its first byte", async () => {
    let times = 0;
    await using peer = await withPeer(
      pushing(() => [frame(2, times++ === 0 ? "abX" : "abc"), status({ StdoutSha256: abcSha })]),
    );
    expect(await endOf(peer.unit, peer.units.start(peer.unit))).toMatchObject({ State: 2, StdoutSha256: abcSha });
  });

  test.each([
    ["frames of no kind", [Buffer.alloc(64, 0xff)]],
    ["frames of no length", [frameHeader(FrameKind.Status, 0)]],
    ["an endless status", [frameHeader(FrameKind.Status, 0x7fffffff)]],
    ["a status that is none", [frame(FrameKind.Status, "[]")]],
    ["a status of negative size", [status({ StdoutSize: -1 })]],
  ])("sends %s: given up after some tries", async (_, frames) => {
    await using peer = await withPeer(pushing(() => frames));
    expect(await endOf(peer.unit, peer.units.start(peer.unit))).toMatchObject({ State: 3, Cause: "REMOTE_INVALID" });
  });

  test.each(["[]", '{"unitid":"somebody","from":0}', '{"unitid":1}', "nonsense"])(
    "answers an order with %s: refused",
    async (reply) => {
      await using peer = await withPeer((_, stream) => void stream.write(`${reply}\n`));
      await expect(peer.units.start(peer.unit)).rejects.toMatchObject({
        code: "REMOTE_REFUSED",
        message: `could not parse response: ${reply}`,
      });
    },
  );
});

describe("a Farhand peer", () => {
  test("does not decide how long its units are kept here", async () => {
    const longAgo = status({ StdoutSha256: abcSha, FinishedAt: "1971-01-01T00:00:00Z" });
    await using peer = await withPeer(pushing(() => [frame(2, "abc"), longAgo]));
    const { node } = peer.alpha;
    const older = await node.start("true");
    await ended(older);
    expect(await endOf(peer.unit, peer.units.start(peer.unit))).toMatchObject({ State: 2 });
    await node.reopen({ retention: { maxUnits: 1 } });
    await eventually("one unit is left", () => Object.keys(node.units.list()).length === 1);
    expect(Object.keys(node.units.list())).toEqual([peer.unit.id]);
  });

  test("that promises more output than it gives, and then forgets the unit, leaves the size that is here", async () => {
    let times = 0;
    const promise = pushing(() => [frame(2, "abc"), status({ State: 1, StdoutSize: 2 ** 50 })]);
    await using peer = await withPeer((line, stream) => {
      if (line.includes('"attach"') && times++ > 0) stream.write("ERROR: unknown work unit x\n");
      else promise(line, stream);
    });
    const { State, Cause, StdoutSize } = await endOf(peer.unit, peer.units.start(peer.unit));
    expect({ State, Cause, StdoutSize }).toEqual({ State: 3, Cause: "REMOTE_GONE", StdoutSize: 3 });
  });

  test("that does not take the payload holds up no ttl", async () => {
    await using peer = await withPeer((line, stream) => {
      if (!line.includes('"order"')) return;
      stream.write(`${JSON.stringify({ unitid: JSON.parse(line).workUnitID, from: 0 })}\n`);
      stream.pause();
    });
    const unit = peer.units.allocateRemote({ node: "liar", workType: "sh", params: {}, ttl: "1s" });
    await peer.units.receive(
      unit,
      (async function* () {
        yield Buffer.alloc(8 * 1024 * 1024);
      })(),
    );
    expect(await endOf(unit, peer.units.start(unit))).toMatchObject({ State: 3, Cause: "TTL_EXPIRED" });
  });

  test("may refuse at length, and the unit says it in short", async () => {
    await using peer = await withPeer((_, stream) => void stream.write(`ERROR: ${"x".repeat(1_000_000)}\n`));
    const { Detail } = await endOf(peer.unit, peer.units.start(peer.unit));
    expect(Detail.length).toBeLessThan(2_000);
  });
});

describe("any peer", () => {
  test("with another name is not spoken to", async () => {
    await using peer = await withPeer(() => undefined, "Receptor Control, node other\n");
    expect(await peer.units.start(peer.unit)).toBe(false);
    await peer.unit.until(
      ({ Detail }) => Detail.endsWith("while expecting node ID liar, got message: Receptor Control, node other"),
      patience(),
    );
    expect(peer.unit.status.State).toBe(0);
  });

  test("with an endless banner is not spoken to", async () => {
    await using peer = await withPeer(() => undefined, "x".repeat(100_000));
    expect(await peer.units.start(peer.unit)).toBe(false);
  });

  test("that sends endless lines is cut off, and the unit waits", async () => {
    const { rss: before } = process.memoryUsage();
    await using peer = await withPeer((_, stream) => {
      const more = () => {
        while (!stream.destroyed && stream.write(Buffer.alloc(65_536, "x")));
        stream.once("drain", more);
      };
      more();
    });
    expect(await peer.units.start(peer.unit)).toBe(false);
    await peer.unit.until(({ Detail }) => Detail.includes("line is longer than"), patience());
    // What other tests have left in this process is not this one's.
    expect(process.memoryUsage().rss - before).toBeLessThan(512 * 1024 ** 2);
  });
});

describe("a Receptor peer that lies", () => {
  const receptor =
    (told: object): Answer =>
    (line, stream) => {
      if (line.includes('"order"')) stream.write("ERROR: bad command\n");
      else if (line.includes('"attach"')) stream.write("ERROR: bad command\n");
      else if (line.includes('"submit"')) {
        stream.write("Work unit created with ID Ab3dEf9h. Send stdin data and EOF.\n");
        stream.once("end", () => stream.end('{"result":"Job Started","unitid":"Ab3dEf9h"}\n'));
      } else if (line.startsWith("work status")) stream.write(`${JSON.stringify(told)}\n`);
      else if (line.includes('"results"')) stream.end("Streaming results for work unit Ab3dEf9h\nabc");
    };

  test("about an enormous length never makes a unit succeed", async () => {
    let given = false;
    const answer = receptor({ State: 2, Detail: "exit status 0", StdoutSize: 2 ** 50, WorkType: "sh" });
    await using peer = await withPeer((line, stream) => {
      if (!line.includes('"results"') || !given) answer(line, stream);
      else stream.end("Streaming results for work unit Ab3dEf9h\n");
      given ||= line.includes('"results"');
    });
    expect(await endOf(peer.unit, peer.units.start(peer.unit))).toMatchObject({ State: 3, Cause: "OUTPUT_MISMATCH" });
  });

  test("with nonsense for a status is given up", async () => {
    await using peer = await withPeer(receptor({ State: "fine" }));
    expect(await endOf(peer.unit, peer.units.start(peer.unit))).toMatchObject({ State: 3, Cause: "REMOTE_INVALID" });
  });
});

const abcSha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
