import { appendFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { systemClock } from "#core";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { UnitState, type UnitStatus } from "../wire.ts";
import { followOutput } from "./follow.ts";
import { Unit } from "./unit.ts";
import { unitFolder } from "./unit-folder.ts";

const running: UnitStatus = {
  State: UnitState.Running,
  Detail: "Running: PID 1",
  StdoutSize: 0,
  WorkType: "x",
  ExtraData: null,
};

/** A unit whose output the test writes itself. */
async function openUnit(output?: string) {
  const temp = await tempFolder();
  const folder = unitFolder(temp.path, "Ab3dEf9h");
  mkdirSync(folder.dir);
  if (output !== undefined) writeFileSync(folder.stdout, output);
  const unit = new Unit("Ab3dEf9h", folder, running);
  const end = (StdoutSize: number) => unit.set({ ...running, State: UnitState.Succeeded, StdoutSize });
  return { unit, stdout: folder.stdout, end, [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose]() };
}

const patience = () => AbortSignal.timeout(15_000);

/** One by one, so that a test can write in between. */
function reader(unit: Unit, from = 0, signal = patience()) {
  const chunks = followOutput(unit, from, signal);
  return {
    chunks,
    next: async () => {
      const { value, done } = await chunks.next();
      return done ? "(end)" : Buffer.from(value).toString();
    },
    rest: async () => {
      let text = "";
      for await (const chunk of chunks) text += Buffer.from(chunk).toString();
      return text;
    },
  };
}

async function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason as Error));
  });
}

describe("followOutput() of a unit that is over", () => {
  test.each([
    [0, "hello world"],
    [6, "world"],
    [11, ""],
    [100, ""],
  ])("from byte %i gives %j and ends", async (from, text) => {
    await using made = await openUnit("hello world");
    made.end(11);
    expect(await reader(made.unit, from).rest()).toBe(text);
  });

  test("gives not a byte more than the status counts", async () => {
    await using made = await openUnit("hello world, said a left-over process");
    made.end(11);
    expect(await reader(made.unit).rest()).toBe("hello world");
  });

  test("gives nothing where nothing was ever written", async () => {
    await using made = await openUnit();
    made.end(0);
    expect(await reader(made.unit).rest()).toBe("");
  });

  test.each([["hello"], [undefined]])("fails when the file holds only %j of it", async (output) => {
    await using made = await openUnit(output);
    made.end(11);
    await expect(reader(made.unit).rest()).rejects.toMatchObject({
      code: "STORAGE_FAILED",
      message: "the output of unit Ab3dEf9h is shorter than its status says",
    });
  });

  test("gives every byte of a large output, in chunks that are good until the next one is asked for", async () => {
    await using made = await openUnit();
    const bytes = Buffer.alloc(5_000_001, "0123456789");
    writeFileSync(made.stdout, bytes);
    made.end(bytes.length);
    const chunks: Uint8Array[] = [];
    for await (const chunk of followOutput(made.unit, 0, patience())) chunks.push(Buffer.from(chunk));
    expect(chunks.length).toBeGreaterThan(1);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });
});

describe("followOutput() of a unit that runs", () => {
  test("gives what is appended as it comes, and ends with the unit", async () => {
    await using made = await openUnit("one\n");
    const follower = reader(made.unit);
    expect(await follower.next()).toBe("one\n");
    for (const line of ["two\n", "three\n", "\0ä\n"]) {
      appendFileSync(made.stdout, line);
      expect(await follower.next()).toBe(line);
    }
    made.end(18);
    expect(await follower.next()).toBe("(end)");
  });

  test("waits for an output that is not there yet", async () => {
    await using made = await openUnit();
    const first = reader(made.unit).next();
    await sleep(20);
    writeFileSync(made.stdout, "late");
    made.unit.set({ ...running });
    expect(await first).toBe("late");
  });

  test("finds an output that appears without any news of the unit", async () => {
    await using made = await openUnit();
    const first = reader(made.unit).next();
    await sleep(20);
    writeFileSync(made.stdout, "unannounced");
    expect(await first).toBe("unannounced");
  });

  test("is told of an output that appears, and of what is appended, by the file system and not by the clock", async () => {
    await using made = await openUnit();
    const clock = vi.spyOn(systemClock, "sleep").mockImplementation((_ms, signal) => untilAborted(signal));
    try {
      const { next } = reader(made.unit);
      for (const text of ["one", "two", "three"]) {
        const read = next();
        await sleep(20);
        appendFileSync(made.stdout, text);
        expect(await read).toBe(text);
      }
    } finally {
      clock.mockRestore();
    }
  });

  test("waits at a byte beyond the end until the output reaches it", async () => {
    await using made = await openUnit("0123");
    const follower = reader(made.unit, 6);
    const first = follower.next();
    appendFileSync(made.stdout, "45");
    appendFileSync(made.stdout, "67");
    expect((await first).startsWith("6")).toBe(true);
    made.end(8);
    expect(["", "7"]).toContain(await follower.rest());
  });

  test("loses no last bytes of a unit that ends between the look and the read", async () => {
    await using made = await openUnit("first ");
    const follower = reader(made.unit);
    expect(await follower.next()).toBe("first ");
    // The follower holds a status from before the end, and reads after it.
    appendFileSync(made.stdout, "last");
    made.end(10);
    expect(await follower.rest()).toBe("last");
  });

  test("lets a slow reader set the pace, and each of several readers its own", async () => {
    await using made = await openUnit("");
    const slow = reader(made.unit);
    const quick = reader(made.unit, 3);
    const text = Array.from({ length: 200 }, (_, n) => `line ${n}\n`);
    const quickText = quick.rest();
    let slowText = "";
    for (const [n, line] of text.entries()) {
      appendFileSync(made.stdout, line);
      if (n % 20 === 0) slowText += await slow.next();
    }
    made.end(text.join("").length);
    expect(slowText + (await slow.rest())).toBe(text.join(""));
    expect(await quickText).toBe(text.join("").slice(3));
  });

  test("goes on reading an output that was deleted under it", async () => {
    await using made = await openUnit("one ");
    const follower = reader(made.unit);
    expect(await follower.next()).toBe("one ");
    rmSync(made.unit.folder.dir, { recursive: true });
    made.end(4);
    expect(await follower.next()).toBe("(end)");
  });

  test("ends with the reason of its signal, at once when that has fired", async () => {
    await using made = await openUnit("one");
    const stop = new AbortController();
    const follower = reader(made.unit, 0, stop.signal);
    expect(await follower.next()).toBe("one");
    const waiting = follower.next();
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    expect(await follower.next()).toBe("(end)");
  });

  test("can be left at any time by its reader", async () => {
    await using made = await openUnit("one");
    const { chunks } = reader(made.unit);
    await chunks.next();
    await chunks.return(undefined);
    expect(await chunks.next()).toMatchObject({ done: true });
  });

  test("says so when the output shrank", async () => {
    await using made = await openUnit("0123456789");
    const follower = reader(made.unit);
    expect(await follower.next()).toBe("0123456789");
    truncateSync(made.stdout, 3);
    made.end(12);
    await expect(follower.next()).rejects.toMatchObject({ code: "STORAGE_FAILED" });
  });
});
