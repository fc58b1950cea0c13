import { expect } from "vitest";
import { fuzz, refusedOr } from "../../../test/kit/fuzz.ts";
import { decodeIntroduction } from "../datagram/introductions.ts";
import { MeshError } from "../errors.ts";
import { decodeAlive, decodeSummary, encodeAlive, encodeSummary } from "../routing/neighbour-messages.ts";
import { decodeAdvertisement, encodeAdvertisement } from "./advertisement.ts";
import { decodeData, decrementHops, encodeData } from "./data-message.ts";
import { parseExactJson, type WritableJson, writeExactJson } from "./exact-json.ts";
import { parseGoTime } from "./go-time.ts";
import { NodeNames } from "./node-names.ts";
import { Pattern } from "./pattern/pattern.ts";
import { decodeRoutingUpdate, encodeRoutingUpdate } from "./routing-update.ts";
import { decodeUnreachable, encodeUnreachable } from "./unreachable.ts";

const summary = {
  ...{ from: "0".repeat(16), to: "f".repeat(16), wantsAnswer: true },
  entries: [{ hash: "0123456789abcdef", epoch: 29021265349194838n, sequence: 17n }],
};

const samples = [
  '\u0001{"NodeID":"node1","UpdateID":"x7Kq0ZpA","UpdateEpoch":29021265349194838,"UpdateSequence":17,"Connections":' +
    '{"node2":1,"node3":2.5},"ForwardingNode":"node1","SuspectedDuplicate":0,"Farhand":{"Version":1,"Stub":true,' +
    '"Hub":false,"Direct":true,"Quic":true,"MaxMessage":65535}}',
  '\u0002{"NodeID":"node3","Service":"control","Time":"2024-10-24T20:36:52.123456789-04:00","ConnType":1,"Tags":' +
    '{"type":"Control Service"},"WorkCommands":[{"WorkType":"sleep","Secure":false}],"Cancel":false}',
  '{"FromNode":"a","ToNode":"b","FromService":"AbCd1234","ToService":"x","Problem":"service unknown"}',
  '{"a":[1,-2.5e3,true,null,"\\u00e9\\ud83d\\ude00",18446744073709551615],"__proto__":{}}',
  "(?i)web-[0-9a-f]{2,4}(\\.site|\\pL+)*$",
  "2024-10-24T16:36:52.123456789-04:00",
  "\u0003[]",
  "\u0013node1",
  Buffer.from("001d000061052d2b582eb15e51bcc6e14eb3fee1416243643132333470696e6700000000", "hex"),
  encodeAlive(0xdeadbeef),
  encodeSummary(summary),
];

const splinters = [
  '"NodeID":',
  '"connections":',
  '"Farhand":',
  "+24:00",
  "ÿ",
  "{,1000}",
  "[[:alpha:]]",
  "(?P<n>",
  "\\Q",
];

/** A decoder either refuses with PACKET_INVALID, or gives what its encoder turns into the same again. */
function roundTrip<Value>(decode: (bytes: Uint8Array) => Value, encode: (value: Value) => Uint8Array) {
  return (bytes: Uint8Array) => {
    const isRefusal = (error: unknown) => error instanceof MeshError && error.code === "PACKET_INVALID";
    const value = refusedOr(() => decode(bytes), isRefusal);
    if (value !== undefined) expect(decode(encode(value))).toEqual(value);
  };
}

const names = new NodeNames(100);

fuzz(
  "every message of a neighbour is read, or refused in order",
  { samples, splinters },
  {
    update: roundTrip(decodeRoutingUpdate, encodeRoutingUpdate),
    advertisement: roundTrip(decodeAdvertisement, encodeAdvertisement),
    unreachable: roundTrip(decodeUnreachable, encodeUnreachable),
    json: roundTrip(
      (bytes) => writeExactJson(parseExactJson(bytes, 1e6) as WritableJson),
      (text) => Buffer.from(text),
    ),
    data: (bytes) => {
      const data = decodeData(bytes);
      names.nameAt(bytes, 4);
      decrementHops(Buffer.from(bytes));
      if (!data) return;
      const isAscii = bytes.subarray(20, 36).every((byte) => byte < 128);
      if (isAscii) expect(Buffer.compare(encodeData(data), Buffer.from(bytes).fill(0, 2, 4))).toBe(0);
      expect([data.fromService.length <= 8, data.toService.length <= 8]).toEqual([true, true]);
    },
    names: (bytes) => {
      names.learn(bytes.toString());
      expect(names.size).toBeLessThanOrEqual(100);
    },
    time: (bytes) => parseGoTime(bytes.toString()),
    pattern: (bytes) =>
      refusedOr(
        () => new Pattern(bytes.toString()).matches("web-12.site"),
        (error) => error instanceof SyntaxError,
      ),
    alive: (bytes) => {
      const digest = decodeAlive(bytes);
      if (digest !== undefined) expect(encodeAlive(digest).subarray(1)).toEqual(bytes.subarray(1));
    },
    summary: (bytes) => {
      const found = decodeSummary(bytes);
      if (found) expect(decodeSummary(encodeSummary(found))).toEqual(found);
    },
    introduction: (bytes) => {
      const name = decodeIntroduction(bytes);
      if (name !== undefined) expect(Buffer.from(name)).toEqual(bytes.subarray(1));
    },
  },
);
