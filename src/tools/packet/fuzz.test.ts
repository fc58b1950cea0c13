import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "vitest";
import { fuzz, piecesOf } from "../../../test/kit/fuzz.ts";
import { decodePacket } from "./decode.ts";
import { readPacketFilter } from "./filter/packet-filter.ts";
import type { Field } from "./packet.ts";
import { PcapIndex } from "./pcap-index.ts";
import { PcapPackets } from "./pcap-packets.ts";

const captures = ["mixed", "any", "made", "raw"].map((name) =>
  readFileSync(join(import.meta.dirname, "captures", `${name}.pcap`)),
);
const packets = captures.flatMap((capture) => new PcapPackets().push(capture)).map(({ bytes }) => bytes);
const linkTypes = [0, 1, 101, 108, 113, 276, 105];

/** Fields lie within the bytes, and say nothing that steers a terminal. */
function checkFields(fields: readonly Field[], length: number): void {
  for (const { at, length: bytes, text, fields: inner } of fields) {
    if (at < 0 || at + bytes > length) throw new Error(`a field at ${at}, ${bytes} bytes, of ${length}`);
    if (/\p{Cc}/u.test(text)) throw new Error(`a field says ${JSON.stringify(text)}`);
    checkFields(inner ?? [], length);
  }
}

describe.concurrent("hostile packets", () => {
  fuzz(
    "are decoded as far as they go",
    { samples: packets, splinters: ["\x81\x00", "\x86\xdd", "\xc0\x0c", "\x16\x03\x01", "HTTP/1.1 ", "\x00\x35"] },
    {
      decodePacket: (bytes, random) => {
        const linkType = linkTypes[random(linkTypes.length)] as number;
        const record = { linkType, time: 0, originalLength: bytes.length + random(3) };
        for (const layer of decodePacket(bytes, record).layers) checkFields(layer.fields, bytes.length);
      },
    },
  );
});

describe.concurrent("hostile captures", () => {
  fuzz(
    "are read up to where they are none",
    { samples: captures },
    {
      PcapIndex: (bytes, random) => {
        const index = new PcapIndex();
        for (const piece of piecesOf(bytes, random)) index.push(piece);
        for (let n = 0; n < index.count; n++) {
          const { offset, capturedLength } = index.record(n);
          if (offset + capturedLength > bytes.length) throw new Error(`record ${n} lies behind the end`);
        }
      },
      PcapPackets: (bytes, random) => {
        const reader = new PcapPackets();
        for (const piece of piecesOf(bytes, random)) {
          for (const packet of reader.push(piece)) {
            if (packet.bytes.length !== packet.capturedLength) throw new Error("a packet is not whole");
            decodePacket(packet.bytes, packet);
          }
        }
      },
    },
  );
});

describe.concurrent("hostile filters", () => {
  const decoded = packets.slice(0, 20).map((bytes, n) => ({
    packet: decodePacket(bytes, { linkType: 1, time: 0, originalLength: bytes.length }),
    number: n + 1,
  }));
  fuzz(
    "are read or refused",
    {
      samples: [
        "ip.addr == 10.9.0.0/24 and tcp.port != 80",
        '!(dns.qry.name contains "example" || frame.len >= 0x40) and not tcp.flags.syn eq 1',
        "ipv6.addr == fd00:9::2 or eth.addr == 76:c0:35:71:f5:4e",
      ],
      splinters: ["(", ")", "!", "==", "and ", "not ", '"', "ip.addr", "tcp.port", "/", "::", "contains "],
    },
    {
      readPacketFilter: (bytes) => {
        const text = bytes.toString();
        const filter = readPacketFilter(text);
        if (typeof filter === "function") decoded.filter(filter);
        else if (filter.at > text.length) throw new Error(`${filter.fault} at ${filter.at} of ${text.length}`);
      },
    },
  );
});
