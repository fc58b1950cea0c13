import { expect } from "vitest";
import { fuzz, piecesOf, refusedOr } from "../../test/kit/fuzz.ts";
import { heardBy } from "../../test/kit/monitor.ts";
import { PlainProgress } from "./channel/plain-progress.ts";
import { progressFrame } from "./channel/progress-text.ts";
import { countFrames } from "./channel/text-frame.ts";
import { MonitorError } from "./errors.ts";
import { decodeRecord, encodeRecord } from "./journal/record.ts";
import { ProgressLines } from "./progress/progress-lines.ts";
import { readSettings, unknownKeys } from "./settings.ts";
import { readFirstMessage, readQuery } from "./viewer/subscription.ts";
import { encodeFrame } from "./zmtp/frame-reader.ts";
import { readyCommand } from "./zmtp/commands.ts";
import { greeting } from "./zmtp/greeting.ts";
import { ZmtpMessage } from "./zmtp/message.ts";
import { ZmtpPeer } from "./zmtp/peer.ts";

const isRefusal = (error: unknown): boolean => error instanceof MonitorError;
const limits = { frameBytes: 10_000, messageBytes: 30_000 };
const opening = Buffer.concat([greeting, readyCommand("")]);
const task = ["job_1", "TASK", "t1", "COMPLETED"];
const message = Buffer.concat(task.map((part, n) => encodeFrame(Buffer.from(part), { hasMore: n < 3 })));
const plain = new PlainProgress();
const frames = progressFrame([Buffer.from("STARTED")]) ?? Buffer.alloc(0);
const record = encodeRecord({ kind: "messages", id: "job_1", from: 7, count: 1, time: 1.7e12, frames });

function heard(bytes: Buffer, pieces: Iterable<Buffer>): unknown {
  const peer = new ZmtpPeer("recodex-monitor", limits);
  const messages: string[][] = [];
  for (const piece of pieces) {
    const received = heardBy(peer, piece);
    for (const parts of received.messages) {
      const frame = progressFrame(parts.slice(1));
      if (frame) expect(countFrames(frame)).toBe(1);
      const whole = new ZmtpMessage();
      whole.assemble(parts);
      const quick = plain.frame(whole, 1);
      if (quick) expect(quick).toEqual(frame);
      expect(parts.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(bytes.length);
      messages.push(parts.map((part) => part.toString("latin1")));
    }
    if (received.fault) return { messages, fault: received.fault.message };
  }
  return { messages };
}

fuzz(
  "nothing that senders and viewers say, and nothing on the disk, does harm",
  {
    samples: [
      Buffer.concat([opening, message, message]),
      record,
      '{"channel":"job_1","from":3,"token":"x"}',
      "/ws?from=3&token=x",
      '::progress {"command":"STARTED","total":3}\n::progress {"done":1,"total":3,"text":"x"}\n::progress 1/3\n',
    ],
    splinters: [
      "READY",
      "PING",
      "\u0004\u0007",
      "recodex-monitor",
      "from=",
      "0,exit",
      Buffer.from("02ffffffffffffffff", "hex"),
    ],
  },
  {
    peer: (bytes, random) => {
      const after = Buffer.concat([opening, bytes]);
      for (const said of [bytes, after]) expect(heard(said, piecesOf(said, random))).toEqual(heard(said, [said]));
    },
    "progress lines": (bytes, random) => {
      const lines = Buffer.concat([Buffer.from("::progress "), bytes, Buffer.from("\n")]);
      const whole = new ProgressLines().take(lines);
      const reader = new ProgressLines();
      expect([...piecesOf(lines, random)].flatMap((piece) => reader.take(piece))).toEqual(whole);
      expect(reader.position).toBe(lines.length);
      for (const { said, end } of whole) {
        expect(["STATE", "FINISHED"]).not.toContain(said.command);
        expect(lines[end - 1]).toBe(0x0a);
      }
    },
    record: (bytes) => {
      const found = refusedOr(() => decodeRecord(bytes, 0), isRefusal);
      if (found) expect(found.end).toBeLessThanOrEqual(bytes.length);
    },
    subscription: (bytes) => {
      const asked = refusedOr(() => readQuery(bytes.toString()), isRefusal) ?? { from: 0, token: undefined };
      const said = refusedOr(() => readFirstMessage(bytes.toString(), true, asked), isRefusal);
      if (said) expect(Number.isSafeInteger(said.from)).toBe(true);
      refusedOr(() => readFirstMessage(bytes.toString(), false, asked), isRefusal);
    },
    settings: (bytes) => {
      const document = refusedOr<unknown>(
        () => JSON.parse(bytes.toString()),
        (error) => error instanceof SyntaxError,
      );
      const read = readSettings({ logger: document, websocket_uri: document, viewers: { max: document } });
      if ("faults" in read) expect(read.faults.length).toBeGreaterThan(0);
      unknownKeys({ logger: document, [bytes.toString()]: document });
    },
  },
);
