import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeRoutingUpdate, encodeRoutingUpdate, type RoutingUpdate, withForwardingNode } from "./routing-update.ts";

const invalid = expect.objectContaining({ code: "PACKET_INVALID" });
const messageOf = (json: string): Uint8Array => Buffer.from(`\u0001${json}`);
const textOf = (message: Uint8Array): string => Buffer.from(message.subarray(1)).toString();

const golden =
  '{"NodeID":"node1","UpdateID":"x7Kq0ZpA","UpdateEpoch":29021265349194838,"UpdateSequence":17,' +
  '"Connections":{"node2":1,"node3":2.5},"ForwardingNode":"node1","SuspectedDuplicate":0}';
const update: RoutingUpdate = {
  nodeId: "node1",
  updateId: "x7Kq0ZpA",
  updateEpoch: 29021265349194838n,
  updateSequence: 17n,
  connections: new Map([
    ["node2", 1],
    ["node3", 2.5],
  ]),
  forwardingNode: "node1",
  suspectedDuplicate: 0n,
};

describe("a routing update", () => {
  test("is written and read as the specification shows it", () => {
    expect(textOf(encodeRoutingUpdate(update))).toBe(golden);
    expect(encodeRoutingUpdate(update)[0]).toBe(1);
    expect(decodeRoutingUpdate(messageOf(golden))).toEqual(update);
  });

  test("is passed on with every bit of its large numbers", () => {
    const received = golden.replace('"SuspectedDuplicate":0', '"SuspectedDuplicate":18446744073709551615');
    const passedOn = encodeRoutingUpdate(withForwardingNode(decodeRoutingUpdate(messageOf(received)), "node9"));
    expect(textOf(passedOn)).toBe(received.replace('"ForwardingNode":"node1"', '"ForwardingNode":"node9"'));
  });

  test("comes out as it went in", () => {
    const id = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
      .filter((text) => Buffer.byteLength(text) <= 255);
    const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    const cost = fc.double({ min: 1e-9, max: 1e9, noNaN: true });
    const anyUpdate = fc.record(
      {
        nodeId: id,
        updateId: id,
        updateEpoch: u64,
        updateSequence: u64,
        connections: fc.array(fc.tuple(fc.oneof(id, fc.constant("__proto__")), cost)).map((pairs) => new Map(pairs)),
        forwardingNode: id,
        suspectedDuplicate: u64,
        farhand: fc.record(
          {
            version: fc.integer({ min: 1 }),
            stub: fc.boolean(),
            hub: fc.boolean(),
            direct: fc.boolean(),
            quic: fc.constant(true),
            maxMessage: fc.integer({ min: 1 }),
          },
          { requiredKeys: ["version", "stub", "hub", "direct"] },
        ),
      },
      {
        requiredKeys: [
          "nodeId",
          "updateId",
          "updateEpoch",
          "updateSequence",
          "connections",
          "forwardingNode",
          "suspectedDuplicate",
        ],
      },
    );
    fc.assert(
      fc.property(anyUpdate, (each) => {
        expect(decodeRoutingUpdate(encodeRoutingUpdate(each))).toEqual(each);
      }),
    );
  });

  test("without connections may say null or nothing", () => {
    for (const json of ['{"NodeID":"a","Connections":null}', '{"NodeID":"a"}', '{"NodeID":"a","Connections":{}}'])
      expect(decodeRoutingUpdate(messageOf(json)).connections.size).toBe(0);
  });

  test("may have its keys in any case, and keys nobody knows", () => {
    const odd = golden.replace("NodeID", "nodeid").replace("Connections", "CONNECTIONS").replace("{", '{"New":[{}],');
    expect(decodeRoutingUpdate(messageOf(odd))).toEqual(update);
  });

  test.each([
    ["no JSON", "x"],
    ["a list", "[]"],
    ["null", "null"],
    ["an id that is a number", '{"NodeID":1}'],
    ["an id of 256 bytes", `{"NodeID":"${"n".repeat(256)}"}`],
    ["a negative epoch", '{"NodeID":"a","UpdateEpoch":-1}'],
    ["an epoch above 64 bits", '{"NodeID":"a","UpdateEpoch":18446744073709551616}'],
    ["a cost of 0", '{"NodeID":"a","Connections":{"b":0}}'],
    ["a negative cost", '{"NodeID":"a","Connections":{"b":-1}}'],
    ["an infinite cost", '{"NodeID":"a","Connections":{"b":1e400}}'],
    ["a cost that is text", '{"NodeID":"a","Connections":{"b":"1"}}'],
    ["a connection to nobody", '{"NodeID":"a","Connections":{"":1}}'],
    ["connections that are a list", '{"NodeID":"a","Connections":[]}'],
    [
      "more than 10,000 connections",
      `{"Connections":{${Array.from({ length: 10_001 }, (_, n) => `"n${n}":1`).join()}}}`,
    ],
    ["more than 1 MiB", `{"NodeID":"a"}${" ".repeat(1024 * 1024)}`],
  ])("is refused when it is or has %s", (_name, json) => {
    expect(() => decodeRoutingUpdate(messageOf(json))).toThrow(invalid);
  });

  test("is no message of another type", () => {
    for (const message of [new Uint8Array(), Uint8Array.of(2, 0x7b, 0x7d)])
      expect(() => decodeRoutingUpdate(message)).toThrow(invalid);
  });
});

describe("the Farhand part of a routing update", () => {
  const helloOf = (json: string) => decodeRoutingUpdate(messageOf(`{"NodeID":"a","Farhand":${json}}`)).farhand;

  test("needs a version and nothing else", () => {
    expect(helloOf('{"Version":1}')).toEqual({ version: 1, stub: false, hub: false, direct: false });
    expect(helloOf('{"Version":2,"Stub":true,"Direct":true,"Quic":true,"MaxMessage":65535,"Later":[1]}')).toEqual({
      version: 2,
      stub: true,
      hub: false,
      direct: true,
      quic: true,
      maxMessage: 65535,
    });
  });

  test.each([
    "null",
    "[]",
    '"1"',
    "{}",
    '{"Version":"1"}',
    '{"Version":0}',
    '{"Version":1.5}',
    '{"Version":18446744073709551615}',
    '{"Version":1,"Stub":1}',
    '{"Version":1,"Quic":"yes"}',
    '{"Version":1,"MaxMessage":-1}',
    '{"Version":1,"MaxMessage":"9"}',
  ])("is absent when it is %s, and the update stands", (json) => {
    expect(helloOf(json)).toBeUndefined();
  });
});
