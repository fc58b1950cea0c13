import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { connectControl, type ControlSession } from "#control";
import type { Clock } from "#core";
import { unitOutput, unitStatus } from "#work";
import type { UnitReport } from "#work/wire";
import { command, openTestService } from "../../test/kit/control-service.ts";
import { type FollowLink, followUnit, outputFault } from "./follow.ts";

const output = Buffer.from("one\ntwo\nthree\nfour\n");
const sha256 = createHash("sha256").update(output).digest("hex");
const running = { State: 1, StateName: "Running", Detail: "", StdoutSize: 0, WorkType: "x", ExtraData: null };
const ended: UnitReport = { ...running, State: 2, StdoutSize: output.length, StdoutSha256: sha256 };

/** A daemon that follows a script: each stream of results says how far it gets and how it ends. */
async function openScript(
  streams: readonly { upTo: number; ending: "end" | "break" }[],
  reports: readonly UnitReport[],
) {
  const asked: string[] = [];
  const script = { streams: [...streams], reports: [...reports] };
  const run = async (request: object, session: ControlSession) => {
    const rest = "rest" in request ? String(request.rest) : "";
    asked.push(rest);
    if (rest.startsWith("status")) return { ...(script.reports.shift() ?? ended) };
    const from = Number(rest.split(" ")[2]);
    const { upTo, ending } = script.streams.shift() ?? { upTo: output.length, ending: "end" };
    await session.writeLine("Streaming results for work unit a");
    if (upTo > from) await session.write(output.subarray(from, upTo));
    if (ending === "break") session.takeStream().destroy();
    return "close" as const;
  };
  const service = await openTestService("unix", { commands: [command("work", run)] });
  const link: FollowLink = {
    async *output(from, signal) {
      yield* unitOutput(await connectControl(service.address, { signal }), "a", from);
    },
    status: async (signal) => await unitStatus(await connectControl(service.address, { signal }), "a"),
  };
  return { service, link, asked };
}

function options(printed: Uint8Array[], from = 0) {
  const told: number[] = [];
  const clock: Clock = { now: () => 0, elapsed: () => 0, sleep: async () => {} };
  return {
    told,
    from,
    clock,
    signal: new AbortController().signal,
    write: async (chunk: Uint8Array) => void printed.push(chunk),
    retrying: (_why: string, attempt: number) => void told.push(attempt),
  };
}

describe("followUnit()", () => {
  test("prints everything once, and gives length and SHA-256 of it", async () => {
    const { service, link } = await openScript([], []);
    await using _ = service;
    const printed: Uint8Array[] = [];
    const followed = await followUnit(link, options(printed));
    expect(Buffer.concat(printed)).toEqual(output);
    expect(followed).toEqual({ report: ended, end: output.length, sha256 });
    expect(outputFault(followed, 0)).toBeUndefined();
  });

  test("goes on at the byte reached when the stream breaks or ends too soon", async () => {
    const streams = [
      { upTo: 4, ending: "break" },
      { upTo: 4, ending: "end" },
      { upTo: 9, ending: "end" },
    ] as const;
    const { service, link, asked } = await openScript(streams, [running, running]);
    await using _ = service;
    const printed: Uint8Array[] = [];
    const given = options(printed);
    await followUnit(link, given);
    expect(Buffer.concat(printed)).toEqual(output);
    const offsets = asked.filter((line) => line.startsWith("results")).map((line) => Number(line.split(" ")[2]));
    // A broken connection may lose bytes that were on their way; they are asked for again.
    expect(offsets[0]).toBe(0);
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    expect(given.told.length).toBe(3);
  });

  test("begins where it is told to, and then has no sum of everything", async () => {
    const { service, link } = await openScript([], []);
    await using _ = service;
    const printed: Uint8Array[] = [];
    const followed = await followUnit(link, options(printed, 8));
    expect(Buffer.concat(printed).toString()).toBe("three\nfour\n");
    expect(followed.sha256).toBeUndefined();
    expect(outputFault(followed, 8)).toBeUndefined();
  });

  test("an offset behind the end prints nothing", async () => {
    const { service, link } = await openScript([], []);
    await using _ = service;
    const followed = await followUnit(link, options([], 4000));
    expect(outputFault(followed, 4000)).toBeUndefined();
  });

  test("gives up after a bounded number of attempts without progress, and says where to go on", async () => {
    const { service, link } = await openScript([{ upTo: 4, ending: "end" }], [running]);
    const given = options([]);
    // The daemon goes away for good once the first bytes are there.
    const write = async (): Promise<void> => await service[Symbol.asyncDispose]();
    await expect(followUnit(link, { ...given, write })).rejects.toMatchObject({
      code: "FOLLOW_BROKEN",
      remedy: "when it is back, go on with --from 4",
    });
    expect(given.told.at(-1)).toBe(12);
  });

  test("does not wait for a daemon that was never there", async () => {
    const { service, link } = await openScript([], []);
    await service[Symbol.asyncDispose]();
    await expect(followUnit(link, options([]))).rejects.toMatchObject({ code: "SOCKET_MISSING" });
  });

  test("ends by its signal while it waits", async () => {
    const { service, link } = await openScript([{ upTo: 4, ending: "end" }], [running]);
    await using _ = service;
    const controller = new AbortController();
    const clock: Clock = {
      now: () => 0,
      elapsed: () => 0,
      sleep: async (_ms, signal) => {
        controller.abort(new Error("enough"));
        signal?.throwIfAborted();
      },
    };
    const following = followUnit(link, { ...options([]), clock, signal: controller.signal });
    await expect(following).rejects.toThrow("enough");
  });
});

describe("outputFault()", () => {
  const followed = { report: ended, end: output.length, sha256 };

  test("names a length that differs", () => {
    expect(outputFault({ ...followed, end: 30 }, 0)).toContain("30 bytes were printed");
  });

  test("names a sum that differs", () => {
    expect(outputFault({ ...followed, sha256: "00" }, 0)).toContain("SHA-256");
  });

  test("is content with the length alone when the daemon gives no sum", () => {
    const { StdoutSha256, ...old } = ended;
    expect(outputFault({ ...followed, report: old }, 0)).toBeUndefined();
  });
});
