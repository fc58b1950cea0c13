import { describe, expect, test } from "vitest";
import { rejectMessage } from "./message-types.ts";
import { decodeUnreachable, encodeUnreachable, problem } from "./unreachable.ts";

const golden =
  '{"FromNode":"node1","ToNode":"node2","FromService":"AbCd1234","ToService":"x","Problem":"service unknown"}';
const report = {
  fromNode: "node1",
  toNode: "node2",
  fromService: "AbCd1234",
  toService: "x",
  problem: problem.serviceUnknown,
};

describe("an unreachable report", () => {
  test("is written and read as the specification says", () => {
    expect(Buffer.from(encodeUnreachable(report)).toString()).toBe(golden);
    expect(decodeUnreachable(Buffer.from(golden))).toEqual(report);
  });

  test("may bring a problem that a later version has", () => {
    expect(decodeUnreachable(Buffer.from('{"problem":"on fire"}')).problem).toBe("on fire");
  });

  test.each(["", "[]", '{"Problem":7}', `{"FromNode":"${"n".repeat(300)}"}`, `{}${" ".repeat(8192)}`])(
    "is refused as %j",
    (json) => {
      expect(() => decodeUnreachable(Buffer.from(json))).toThrow(expect.objectContaining({ code: "PACKET_INVALID" }));
    },
  );
});

test("rejectMessage is type 3 and an empty list", () => {
  expect(Buffer.from(rejectMessage).toString("latin1")).toBe("\u0003[]");
});
