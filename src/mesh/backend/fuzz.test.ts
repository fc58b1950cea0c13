import { expect } from "vitest";
import { fuzz, piecesOf, refusedOr } from "../../../test/kit/fuzz.ts";
import { MeshError } from "../errors.ts";
import { decodeLinkRequest, encodeLinkRequest } from "./amqp/queues.ts";
import { decodeOpening, parseNumber } from "./http/protocol.ts";
import { decodeBatch, encodeBatch } from "./numbered/batch.ts";
import { NumberedSession } from "./numbered/session.ts";
import { Framer, frameHeader } from "./tcp/framer.ts";
import { refuseUpgrade } from "./websocket/upgrade-rules.ts";

const isInvalid = (error: unknown) => error instanceof MeshError && error.code === "PACKET_INVALID";
const link = "0123456789abcdef0123456789abcdef";
const messages = ["hello", "world!"].map((text) => Buffer.from(text));

const corpus = {
  samples: [
    encodeBatch({ first: 1, ack: 0, isLast: false, messages }),
    encodeBatch({ first: 2, ack: 1, isLast: true, messages: messages.slice(1) }),
    encodeBatch({ first: 0, ack: 0, isLast: false, messages: [] }),
    Buffer.concat(messages.flatMap((message) => [frameHeader(message.length), message])),
    encodeLinkRequest({ link }),
    JSON.stringify({ session: link, holdMs: 25_000, silenceMs: 60_000 }),
    "/mesh/?x=1",
    "https://example.org:8443/",
  ],
  splinters: ["session", "holdMs", "/mesh", "://", "..", "%2f"],
};

fuzz("what roads bring is read, or refused in order", corpus, {
  frames: (bytes, random) => {
    // However a stream is cut, its messages are the same.
    const whole = new Framer().push(Buffer.from(bytes));
    const framer = new Framer();
    const inPieces = piecesOf(bytes, random).flatMap((piece) => framer.push(piece));
    expect(inPieces.map((message) => Buffer.from(message))).toEqual(whole);
  },
  batch: (bytes) => {
    const batch = refusedOr(() => decodeBatch(bytes), isInvalid);
    if (batch) expect(decodeBatch(encodeBatch(batch))).toEqual(batch);
  },
  session: async (bytes, random) => {
    const batches = [bytes.subarray(0, random(bytes.length + 1)), bytes].flatMap(
      (piece) => refusedOr(() => decodeBatch(piece), isInvalid) ?? [],
    );
    const session = new NumberedSession({ description: "fuzz", changed: () => {} });
    const heard: Uint8Array[] = [];
    if (random(2) === 0) session.start({ message: (message) => void heard.push(message), drained: () => {} });
    session.send(Buffer.from("ours"));
    session.take(1000);
    for (const batch of batches) session.receive(batch);
    if (session.isOver) {
      const why = await session.closed;
      if (why) expect(why).toMatchObject({ code: "PACKET_INVALID" });
    }
    expect(session.take(1000).messages.length).toBeLessThanOrEqual(1);
    expect(heard.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(2 * bytes.length);
    session.end();
  },
  "link request": (bytes) => {
    const request = decodeLinkRequest(bytes);
    if (request) expect(decodeLinkRequest(encodeLinkRequest(request))).toEqual(request);
  },
  opening: (bytes) => {
    const isRefusal = (error: unknown) => error instanceof MeshError && error.code === "DIAL_FAILED";
    const opening = refusedOr(() => decodeOpening(bytes), isRefusal);
    if (opening) expect([opening.holdMs > 0, opening.silenceMs > 0]).toEqual([true, true]);
  },
  number: (bytes) => {
    const number = parseNumber(bytes.toString("latin1"));
    if (number !== undefined) expect(Number.isSafeInteger(number)).toBe(true);
  },
  upgrade: (bytes) => {
    const text = bytes.toString("latin1");
    const refusal = refuseUpgrade({ url: text, headers: { host: "example.org", origin: text } }, "/mesh/");
    if (!refusal) expect(text.startsWith("/mesh/")).toBe(true);
    refuseUpgrade({ url: "/mesh/", headers: { host: text, origin: text } }, "/mesh/");
  },
});
