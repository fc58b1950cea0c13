import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { silentLog } from "#core";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { decodeNonces, encodeNonces } from "./nonce-file.ts";
import { type Nonces, openNonces } from "./nonces.ts";
import { emptySha256, type Order } from "./order.ts";

const start = Date.UTC(2030, 0, 1);
const minute = 60_000;
const hex = (value: number, length: number) => value.toString(16).padStart(length, "0");

/** An order of which only what matters to nonces is looked at. */
function orderOf(nonce: number, { from = start, minutes = 5, key = 1 } = {}): Order {
  return {
    operation: "submit",
    unitId: "",
    workType: "",
    paramsSha256: emptySha256,
    payloadSha256: emptySha256,
    target: "",
    submitter: "",
    notBefore: from,
    notAfter: from + minutes * minute,
    nonce: hex(nonce, 32),
    keyId: hex(0xa0 + key, 2).repeat(32),
  };
}

/** A daemon's record, opened and killed as the test likes, under a clock it turns. */
function recordIn(folder: TempFolder, perKey?: number) {
  const clock = { at: start, now: () => clock.at, elapsed: () => clock.at, sleep: (ms: number) => sleep(ms) };
  const options = { folder: folder.file("state"), clock, log: silentLog, ...(perKey !== undefined && { perKey }) };
  return { clock, path: folder.file("state/nonces"), open: () => openNonces(options) };
}

/** Open, use some, close. */
async function withNonces<T>(open: () => Promise<Nonces>, use: (nonces: Nonces) => Promise<T>): Promise<T> {
  const nonces = await open();
  try {
    return await use(nonces);
  } finally {
    await nonces.close();
  }
}

const replayed = expect.objectContaining({ code: "SIGNATURE_REPLAYED" });

test("use() takes each nonce of a key once", async () => {
  await using folder = await tempFolder();
  await withNonces(recordIn(folder).open, async (nonces) => {
    await nonces.use(orderOf(1));
    await expect(nonces.use(orderOf(1))).rejects.toEqual(replayed);
    await nonces.use(orderOf(2));
    await nonces.use(orderOf(1, { key: 2 }));
  });
});

test("use() of the same order many times at once takes one", async () => {
  await using folder = await tempFolder();
  await withNonces(recordIn(folder).open, async (nonces) => {
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => nonces.use(orderOf(1))));
    expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});

test("a nonce is known after a restart, also when the daemon was killed right after use()", async () => {
  await using folder = await tempFolder();
  const record = recordIn(folder);
  const killed = await record.open();
  await Promise.all(Array.from({ length: 50 }, (_, nonce) => killed.use(orderOf(nonce))));
  await withNonces(record.open, async (nonces) => {
    for (let nonce = 0; nonce < 50; nonce++) await expect(nonces.use(orderOf(nonce))).rejects.toEqual(replayed);
    await nonces.use(orderOf(50));
  });
  await killed.close();
});

test("a clock turned back makes no used order new, before and after a restart", async () => {
  await using folder = await tempFolder();
  const record = recordIn(folder);
  await withNonces(record.open, async (nonces) => {
    await nonces.use(orderOf(1));
    record.clock.at = start + 60 * minute;
    // Enough that the file is written anew and the old nonce forgotten.
    for (let i = 0; i < 3; i++) {
      const later = { from: record.clock.at };
      await Promise.all(Array.from({ length: 1000 }, (_, nonce) => nonces.use(orderOf(2 + i * 1000 + nonce, later))));
    }
    expect((await readFile(record.path, "utf8")).includes(orderOf(1).nonce)).toBe(false);
    record.clock.at = start;
    await expect(nonces.use(orderOf(1))).rejects.toEqual(replayed);
  });
  await withNonces(record.open, async (nonces) => {
    await expect(nonces.use(orderOf(1))).rejects.toEqual(replayed);
    await nonces.use(orderOf(1, { from: start + 1 }));
  });
});

test("a clock that was far ahead for a while keeps out no order that is signed afterwards", async () => {
  await using folder = await tempFolder();
  const record = recordIn(folder);
  await withNonces(record.open, (nonces) => nonces.use(orderOf(1)));
  record.clock.at = Date.UTC(2099, 0, 1);
  await withNonces(record.open, async () => {});
  record.clock.at = start + minute;
  await withNonces(record.open, async (nonces) => {
    await expect(nonces.use(orderOf(2, { from: start + minute }))).resolves.toBeUndefined();
  });
});

test("a record that begins when the clock is far ahead keeps out all orders until then, and says why", async () => {
  await using folder = await tempFolder();
  const record = recordIn(folder);
  record.clock.at = Date.UTC(2099, 0, 1);
  await withNonces(record.open, async () => {});
  record.clock.at = start;
  await withNonces(record.open, async (nonces) => {
    const why = "the record of used orders counts from 2099-01-01T00:00:00.000Z, when this node's clock was ahead";
    const refused = { code: "SIGNATURE_REPLAYED", message: expect.stringContaining(why) };
    await expect(nonces.use(orderOf(1))).rejects.toMatchObject(refused);
  });
});

test("the file stays small, however many orders come", async () => {
  await using folder = await tempFolder();
  const record = recordIn(folder);
  await withNonces(record.open, async (nonces) => {
    for (let hour = 0; hour < 10; hour++) {
      record.clock.at = start + hour * 60 * minute;
      const orders = Array.from({ length: 1000 }, (_, nonce) =>
        orderOf(hour * 1000 + nonce, { from: record.clock.at }),
      );
      await Promise.all(orders.map((order) => nonces.use(order)));
    }
  });
  expect((await readFile(record.path, "utf8")).split("\n").length).toBeLessThan(4_000);
});

test("a key has so many orders at once and no more; other keys are not concerned", async () => {
  await using folder = await tempFolder();
  const record = recordIn(folder, 3);
  await withNonces(record.open, async (nonces) => {
    for (const nonce of [1, 2, 3]) await nonces.use(orderOf(nonce));
    await expect(nonces.use(orderOf(4))).rejects.toMatchObject({ code: "ORDERS_EXHAUSTED" });
    await nonces.use(orderOf(4, { key: 2 }));
    record.clock.at = start + 6 * minute;
    await nonces.use(orderOf(4, { from: record.clock.at }));
  });
});

test("a node without a record takes only orders that are newer than it", async () => {
  await using folder = await tempFolder();
  const record = recordIn(folder);
  await withNonces(record.open, (nonces) => nonces.use(orderOf(1)));
  await rm(record.path);
  record.clock.at = start + minute;
  await withNonces(record.open, async (nonces) => {
    await expect(nonces.use(orderOf(1))).rejects.toEqual(replayed);
    await nonces.use(orderOf(2, { from: start + minute }));
  });
});

describe("a damaged file", () => {
  test.each<[what: string, damage: (text: string) => string]>([
    ["is empty", () => ""],
    ["is of another kind", (text) => `\u007fELF${text}`],
    ["has a line that is none", (text) => text.replace(/\na/, "\nX")],
    ["has lost its first line", (text) => text.slice(text.indexOf("\n") + 1)],
  ])("that %s makes every order of the past a used one", async (_what, damage) => {
    await using folder = await tempFolder();
    const record = recordIn(folder);
    await withNonces(record.open, async (nonces) => {
      for (const nonce of [1, 2]) await nonces.use(orderOf(nonce));
    });
    await writeFile(record.path, damage(await readFile(record.path, "utf8")));
    record.clock.at = start + minute;
    const later = { from: start + 2 * minute };
    await withNonces(record.open, async (nonces) => {
      for (const nonce of [1, 2, 3]) await expect(nonces.use(orderOf(nonce))).rejects.toEqual(replayed);
      await nonces.use(orderOf(3, later));
    });
    // What was repaired stays so.
    await withNonces(record.open, async (nonces) => {
      await expect(nonces.use(orderOf(3, later))).rejects.toEqual(replayed);
      await expect(nonces.use(orderOf(1))).rejects.toEqual(replayed);
    });
  });

  test("that ends in half a line, as after a power cut, is none: nobody was told that it counts", async () => {
    await using folder = await tempFolder();
    const record = recordIn(folder);
    await withNonces(record.open, (nonces) => nonces.use(orderOf(1)));
    const text = await readFile(record.path, "utf8");
    for (const rest of [text.slice(-60, -10), "\0".repeat(40), `${"\0".repeat(40)}\n${"\0".repeat(9)}`]) {
      await writeFile(record.path, text + rest);
      await withNonces(record.open, async (nonces) => {
        await expect(nonces.use(orderOf(1))).rejects.toEqual(replayed);
      });
    }
    await withNonces(record.open, (nonces) => nonces.use(orderOf(2)));
  });
});

test("a disk that takes nothing refuses the order, and the nonce is used all the same", async () => {
  await using folder = await tempFolder();
  await writeFile(folder.file("file"), "");
  const clock = { now: () => start, elapsed: () => start, sleep: (ms: number) => sleep(ms) };
  const opening = openNonces({ folder: folder.file("file/state"), clock, log: silentLog });
  await expect(opening).rejects.toMatchObject({ code: "STORAGE_FAILED" });

  const record = recordIn(folder);
  const nonces = await record.open();
  await nonces.close();
  // Closed, it is a file that cannot be written; the folder that would take a new one is gone as well.
  await rm(folder.file("state"), { recursive: true });
  await writeFile(folder.file("state"), "");
  await expect(nonces.use(orderOf(1))).rejects.toMatchObject({ code: "STORAGE_FAILED" });
  await expect(nonces.use(orderOf(1))).rejects.toEqual(replayed);
  // The disk is well again: the next order is recorded together with the one that failed.
  await rm(folder.file("state"));
  await nonces.use(orderOf(2));
  await nonces.close();
  await withNonces(record.open, async (again) => {
    for (const nonce of [1, 2]) await expect(again.use(orderOf(nonce))).rejects.toEqual(replayed);
  });
});

test("the file is for its user only", async () => {
  await using folder = await tempFolder();
  const record = recordIn(folder);
  await withNonces(record.open, (nonces) => nonces.use(orderOf(1)));
  expect((await stat(record.path)).mode & 0o777).toBe(0o600);
});

test("decodeNonces() reads what encodeNonces() wrote, and any text", () => {
  const time = fc.nat({ max: Number.MAX_SAFE_INTEGER });
  const nonce = fc.record({
    keyId: fc.nat().map((value) => hex(value, 64)),
    nonce: fc.nat().map((value) => hex(value, 32)),
    notAfter: time,
  });
  fc.assert(
    fc.property(fc.record({ forgottenUntil: time, knownSince: time }), fc.array(nonce), (bounds, used) => {
      expect(decodeNonces(encodeNonces(bounds, used))).toEqual({ bounds, used, isDamaged: false });
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(decodeNonces(text).used).toEqual([]);
    }),
  );
});

test("decodeNonces() never takes a file for whole that has lost a nonce in its middle", () => {
  const used = Array.from({ length: 5 }, (_, index) => ({ keyId: hex(1, 64), nonce: hex(index, 32), notAfter: start }));
  const text = encodeNonces({ forgottenUntil: 0, knownSince: 0 }, used);
  fc.assert(
    fc.property(
      fc.nat(text.length - 1),
      fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 1 }),
      (at, char) => {
        const read = decodeNonces(text.slice(0, at) + char + text.slice(at + 1));
        const lost = read.used.length < used.length || read.bounds === undefined;
        const inLastLine = at >= text.lastIndexOf("\n", text.length - 2);
        expect(!lost || read.isDamaged || inLastLine).toBe(true);
      },
    ),
    { numRuns: 1_000 },
  );
});
