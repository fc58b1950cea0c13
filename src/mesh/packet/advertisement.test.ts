import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { connType } from "../wire.ts";
import { type Advertisement, decodeAdvertisement, encodeAdvertisement } from "./advertisement.ts";
import { goTime, parseGoTime, zeroTimeText } from "./go-time.ts";

const messageOf = (json: string): Uint8Array => Buffer.from(`\u0002${json}`);
const textOf = (message: Uint8Array): string => Buffer.from(message.subarray(1)).toString();

const golden =
  '{"NodeID":"node3","Service":"control","Time":"2024-10-24T20:36:52.123456789Z","ConnType":1,' +
  '"Tags":{"type":"Control Service"},"WorkCommands":[{"WorkType":"sleep","Secure":false}],"Cancel":false}';
const advertisement: Advertisement = {
  nodeId: "node3",
  service: "control",
  time: { text: "2024-10-24T20:36:52.123456789Z", nanoseconds: 1729802212123456789n },
  connType: connType.stream,
  tags: new Map([["type", "Control Service"]]),
  workCommands: [{ workType: "sleep", secure: false }],
  cancel: false,
};

describe("an advertisement", () => {
  test("is written and read as the specification shows it", () => {
    expect(textOf(encodeAdvertisement(advertisement))).toBe(golden);
    expect(encodeAdvertisement(advertisement)[0]).toBe(2);
    expect(decodeAdvertisement(messageOf(golden))).toEqual(advertisement);
  });

  test("of a service that is gone has neither tags nor work commands", () => {
    const cancel = { ...advertisement, tags: null, workCommands: null, cancel: true };
    expect(textOf(encodeAdvertisement(cancel))).toContain('"Tags":null,"WorkCommands":null,"Cancel":true}');
    expect(decodeAdvertisement(encodeAdvertisement(cancel))).toEqual(cancel);
  });

  test("may leave out all but its node", () => {
    expect(decodeAdvertisement(messageOf('{"nodeid":"a","Later":1,"Tags":null}'))).toEqual({
      nodeId: "a",
      service: "",
      time: parseGoTime(zeroTimeText),
      connType: 0,
      tags: null,
      workCommands: null,
      cancel: false,
    });
  });

  test("comes out as it went in", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 20 });
    const any: fc.Arbitrary<Advertisement> = fc.record({
      nodeId: fc.string({ minLength: 1, maxLength: 50 }),
      service: fc.string({ maxLength: 8, unit: "grapheme-ascii" }),
      time: fc.nat().map((milliseconds) => goTime(milliseconds)),
      connType: fc.constantFrom(...Object.values(connType)),
      tags: fc.option(fc.array(fc.tuple(fc.oneof(text, fc.constant("__proto__")), text)).map((tags) => new Map(tags))),
      workCommands: fc.option(fc.array(fc.record({ workType: text, secure: fc.boolean() }))),
      cancel: fc.boolean(),
    });
    fc.assert(
      fc.property(any, (each) => {
        expect(decodeAdvertisement(encodeAdvertisement(each))).toEqual(each);
      }),
    );
  });

  test.each([
    ["no JSON", "{"],
    ["no node", '{"NodeID":""}'],
    ["a service of 9 bytes", '{"NodeID":"a","Service":"123456789"}'],
    ["a time that is none", '{"NodeID":"a","Time":"now"}'],
    ["an unknown kind of connection", '{"NodeID":"a","ConnType":3}'],
    ["a tag that is no text", '{"NodeID":"a","Tags":{"a":1}}'],
    ["a tag that is too long", `{"NodeID":"a","Tags":{"a":"${"x".repeat(4097)}"}}`],
    ["too many tags", `{"NodeID":"a","Tags":{${Array.from({ length: 257 }, (_, n) => `"${n}":""`).join()}}}`],
    ["a work command that is none", '{"NodeID":"a","WorkCommands":["sleep"]}'],
    ["too many work commands", `{"NodeID":"a","WorkCommands":[${"{},".repeat(2048)}{}]}`],
    ["a cancel that is text", '{"NodeID":"a","Cancel":"true"}'],
  ])("is refused when it has %s", (_name, json) => {
    expect(() => decodeAdvertisement(messageOf(json))).toThrow(expect.objectContaining({ code: "PACKET_INVALID" }));
  });
});
