import { expect } from "vitest";
import { silentLog } from "#core";
import { memoryPipes } from "../../../../test/kit/direct-pipes.ts";
import { fuzz, type Random, refusedOr } from "../../../../test/kit/fuzz.ts";
import { MeshError } from "../../errors.ts";
import { openDirectStreams } from "./direct-streams.ts";
import { decodeFrame, encodeFrame, type Frame } from "./frames.ts";

const target = { fromNode: "stub", toNode: "hub", service: "control" };
const frames: readonly Frame[] = [
  { kind: "open", id: 1, priority: "control", window: 1000, ...target },
  { kind: "accept", id: 2, window: 65_536 },
  { kind: "refuse", id: 2, code: 2, text: "no" },
  { kind: "data", id: 1, payload: Buffer.from("hello") },
  { kind: "window", id: 1, credit: 1000 },
  { kind: "fin", id: 1 },
  { kind: "reset", id: 1, code: 8, text: "gone" },
];

function knownFrame(random: Random): Frame {
  const frame = frames[random(frames.length)] as Frame;
  return { ...frame, id: random(12) };
}

/** A link with streams of both sides, on which the neighbour says right frames in a wrong order, and then the bytes. */
function saidOnALink(bytes: Buffer, random: Random): void {
  const [near] = memoryPipes();
  const streams = openDirectStreams(near, {
    isInitiator: false,
    log: silentLog,
    limits: { streams: 5 },
    accept: (request) => {
      if (random(3) === 0) return request.refuse("SERVICE_UNKNOWN", "none");
      if (random(3) === 0) return;
      const stream = request.accept().on("error", () => {});
      stream.resume().write("hello");
      if (random(2) === 0) stream.end();
    },
  });
  for (let count = random(3); count > 0; count--)
    streams.open(target).then(
      (stream) => stream.on("error", () => {}).resume(),
      () => {},
    );
  for (let count = random(10); count > 0; count--) near.inject(encodeFrame(knownFrame(random)));
  near.inject(bytes);
  if (near.cutBy) expect(near.cutBy).toMatchObject({ code: "PACKET_INVALID" });
  expect(streams.count).toBeLessThanOrEqual(10);
  near.break();
  expect(streams.count).toBe(0);
}

fuzz(
  "every frame of a direct stream is read, or ends its link in order",
  { samples: frames.map(encodeFrame), splinters: ["control", Buffer.from("000000000001", "hex")] },
  {
    frame: (bytes) => {
      const isRefusal = (error: unknown) => error instanceof MeshError && error.code === "PACKET_INVALID";
      const frame = refusedOr(() => decodeFrame(bytes), isRefusal);
      if (frame) expect(decodeFrame(encodeFrame(frame))).toEqual(frame);
    },
    link: saidOnALink,
  },
);
