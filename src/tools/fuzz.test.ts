import { describe } from "vitest";
import { fuzz, piecesOf, refusedOr } from "../../test/kit/fuzz.ts";
import { readNmapElement } from "./portscan/nmap-xml.ts";
import { XmlElements } from "./portscan/xml-elements.ts";
import { decodeAnswer, encodeQuestion } from "./probe/dns-message.ts";
import { readFpingLine, readPingLine } from "./probe/ping-lines.ts";
import { readTracerouteAnswer } from "./probe/ping-by-traceroute.ts";
import { Hops } from "./traceroute/hops.ts";
import { readMtrLine } from "./traceroute/mtr.ts";
import { readTracerouteLine } from "./traceroute/traceroute-program.ts";

const question = { id: 1, name: "www.example.test", recordType: "A", dnssec: false };
const asked = encodeQuestion(question);
/** A CNAME with a pointer, and an address. */
const answer = Buffer.from(
  "0001858000010002000000000377777707657861" +
    "6d706c6504746573740000010001c00c0005000100000000000603776562c010c02e000100010000000000040a090002",
  "hex",
);

describe.concurrent("hostile name servers", () => {
  fuzz(
    "are answered with nothing worse than no answer",
    { samples: [answer, asked], splinters: ["\xc0\x0c", "\xc0\xff", "\x00\x29", "\x00\x2e"] },
    { decodeAnswer: (bytes) => decodeAnswer(bytes, question) },
  );
});

const host =
  '<host><status state="up"/><address addr="10.0.0.1" addrtype="ipv4"/><ports><port protocol="tcp" portid="22">' +
  '<state state="open"/><service name="ssh" method="probed"/></port></ports></host>';

describe.concurrent("hostile output of programs", () => {
  fuzz(
    "is read as far as it means something",
    {
      samples: [host, '<taskprogress task="a" percent="3.5"/>', "p 0 100 1\nh 0 10.0.0.1", " 2  10.0.0.1  0.1 ms *"],
      splinters: ["<host>", "</host>", "<!ENTITY", "&lt;", "&#x0;", "__proto__", " ms "],
    },
    {
      nmap: (bytes, random) => {
        const elements = new XmlElements();
        for (const piece of piecesOf(bytes, random)) {
          const found = refusedOr(
            () => elements.push(piece.toString("latin1")),
            (error) => error instanceof RangeError,
          );
          for (const element of found ?? []) readNmapElement(element, 10);
        }
      },
      lines: (bytes) => {
        const hops = new Hops("10.0.0.1");
        for (const line of bytes.toString("latin1").split("\n")) {
          readMtrLine(line, hops);
          readTracerouteLine(line, hops);
          readPingLine(line);
          readFpingLine(line);
          readTracerouteAnswer(line, "10.0.0.1");
        }
        hops.end();
        hops.summary();
      },
    },
  );
});
