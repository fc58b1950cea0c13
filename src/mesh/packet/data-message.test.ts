import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeData, decrementHops, encodeData } from "./data-message.ts";
import { nodeHash } from "./node-hash.ts";
import { checkServiceName } from "./service-name.ts";

/** The example of the specification: a ping from node1 to node2. */
const pingBytes = Buffer.from("001d000061052d2b582eb15e51bcc6e14eb3fee1416243643132333470696e6700000000", "hex");
const ping = {
  hops: 29,
  fromHash: nodeHash("node1"),
  toHash: nodeHash("node2"),
  fromService: "AbCd1234",
  toService: "ping",
  payload: new Uint8Array(),
};

const fieldsOf = (message: Uint8Array) => {
  const data = decodeData(message);
  if (!data) return undefined;
  const { hops, fromHash, toHash, fromService, toService, payload } = data;
  return { hops, fromHash, toHash, fromService, toService, payload: Uint8Array.from(payload) };
};

describe("a data message", () => {
  test("is encoded as the specification shows it", () => {
    expect(Buffer.from(encodeData(ping)).toString("hex")).toBe(pingBytes.toString("hex"));
    expect(fieldsOf(pingBytes)).toEqual(ping);
  });

  test("comes out as it went in", () => {
    const service = fc
      .string({ unit: "grapheme", maxLength: 8 })
      .filter((text) => Buffer.byteLength(text) <= 8 && !text.endsWith("\0") && Buffer.from(text).toString() === text);
    const hash = fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString("hex"));
    const data = fc.record({
      hops: fc.integer({ min: 0, max: 255 }),
      fromHash: hash,
      toHash: hash,
      fromService: service,
      toService: service,
      payload: fc.uint8Array({ maxLength: 3000 }),
    });
    fc.assert(
      fc.property(data, (message) => {
        expect(fieldsOf(encodeData(message))).toEqual(message);
      }),
    );
  });

  test("is read wherever it stands in memory, its payload as a view", () => {
    const around = Buffer.concat([Buffer.from("xyz"), pingBytes, Buffer.from("pong")]);
    const data = decodeData(new Uint8Array(around.buffer, around.byteOffset + 3, pingBytes.length + 4));
    expect([data?.fromHash, data?.toService]).toEqual([ping.fromHash, "ping"]);
    around.write("PONG", 3 + pingBytes.length);
    expect(Buffer.from(data?.payload ?? []).toString()).toBe("PONG");
  });

  test("is none when the header is cut off or the type is another", () => {
    for (let length = 0; length < pingBytes.length; length++)
      expect(decodeData(pingBytes.subarray(0, length))).toBeUndefined();
    expect(decodeData(Buffer.from([1, ...pingBytes.subarray(1)]))).toBeUndefined();
  });

  test("of any bytes gives fields of the right length", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 35, maxLength: 80 }), (rest) => {
        const data = fieldsOf(Uint8Array.of(0, ...rest));
        expect(data?.fromHash).toMatch(/^[0-9a-f]{16}$/);
        expect(data?.payload.length).toBe(rest.length - 35);
        expect(data?.fromService.length).toBeLessThanOrEqual(8);
      }),
    );
  });

  test("keeps zeros of a service name that are not at its end", () => {
    const message = Buffer.from(pingBytes);
    message.write("\0a\0b\0\0\0\0", 28, "latin1");
    expect(decodeData(message)?.toService).toBe("\0a\0b");
  });
});

test("decrementHops() takes one hop in place, and none from an expired message", () => {
  const message = Buffer.from(pingBytes);
  expect(decrementHops(message)).toBe(true);
  expect(message).toEqual(Buffer.from(pingBytes).fill(28, 1, 2));
  message[1] = 0;
  expect([decrementHops(message), message[1]]).toEqual([false, 0]);
});

describe("checkServiceName()", () => {
  test.each(["a", "control", "12345678", "éééé", "Ping"])("accepts %j", (name) => {
    expect(() => checkServiceName(name)).not.toThrow();
  });

  test.each([
    ["123456789", "service name 123456789 too long"],
    ["ééééé", "service name ééééé too long"],
    ["ping", "service ping is already listening"],
    ["unreach", "service unreach is already listening"],
    ["", "service name must not be empty"],
    ["a\0", 'service name "a\\u0000" is not valid'],
    ["\ud800", 'service name "\\ud800" is not valid'],
  ])("refuses %j", (name, message) => {
    expect(() => checkServiceName(name)).toThrow(expect.objectContaining({ code: "SERVICE_NAME_INVALID", message }));
  });

  test("is not needed for encodeData() to refuse a name that does not fit", () => {
    expect(() => encodeData({ ...ping, toService: "123456789" })).toThrow("service name 123456789 too long");
  });
});
