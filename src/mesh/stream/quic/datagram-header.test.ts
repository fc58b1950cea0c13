import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readDatagramHeader, versionNegotiation } from "./datagram-header.ts";

const id = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString("latin1"));

function longHeader(first: number, version: number, destination: string, source: string): Buffer {
  const head = Buffer.alloc(5);
  head[0] = first;
  head.writeUInt32BE(version, 1);
  const ids = [destination, source].flatMap((id) => [Buffer.from([id.length]), Buffer.from(id, "latin1")]);
  return Buffer.concat([head, ...ids, Buffer.from("token and more")]);
}

describe("readDatagramHeader()", () => {
  test("reads the ids and the version of a long header", () => {
    fc.assert(
      fc.property(id, id, fc.nat(0xffffffff), (destinationId, sourceId, version) => {
        const read = readDatagramHeader(longHeader(0xc3, version, destinationId, sourceId));
        expect(read).toEqual({ kind: "long", destinationId, sourceId, version, isInitial: true });
      }),
    );
  });

  test("tells the first packet of a connection from others", () => {
    expect(readDatagramHeader(longHeader(0xc0, 1, "12345678", ""))).toMatchObject({ isInitial: true });
    for (const first of [0xd0, 0xe0, 0xf0])
      expect(readDatagramHeader(longHeader(first, 1, "12345678", ""))).toMatchObject({ isInitial: false });
  });

  test("reads 20 bytes of id from a short header", () => {
    const datagram = Buffer.from(`\x40${"i".repeat(20)}encrypted`, "latin1");
    expect(readDatagramHeader(datagram)).toEqual({ kind: "short", destinationId: "i".repeat(20) });
    expect(readDatagramHeader(datagram.subarray(0, 20))).toBeUndefined();
  });

  test("refuses long headers that are cut or whose ids are too long", () => {
    const whole = longHeader(0xc0, 1, "d".repeat(20), "s".repeat(20)).subarray(0, 47);
    expect(readDatagramHeader(whole)).toBeDefined();
    for (let length = 0; length < whole.length; length++)
      expect(readDatagramHeader(whole.subarray(0, length))).toBeUndefined();
    expect(readDatagramHeader(longHeader(0xc0, 1, "d".repeat(21), ""))).toBeUndefined();
  });

  test("takes any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const read = readDatagramHeader(bytes);
        if (read?.kind === "short") expect(read.destinationId).toHaveLength(20);
      }),
    );
  });
});

test("versionNegotiation() gives the ids back the other way round and lists the versions", () => {
  const answer = versionNegotiation({ destinationId: "ours", sourceId: "theirs!" }, [1, 0x6b3343cf]);
  expect(Buffer.from(answer).toString("hex")).toBe("c0000000000774686569727321046f757273000000016b3343cf");
});
