import { expect } from "vitest";
import { silentLog, systemClock } from "#core";
import { duplexPair } from "../../test/kit/cable.ts";
import { fuzz, piecesOf, type Random, refusedOr } from "../../test/kit/fuzz.ts";
import { Conversation } from "./conversation.ts";
import { decodeEnvelope, encodeEnvelope, type Envelope, lengthBytes } from "./envelope.ts";
import { FleetError } from "./errors.ts";
import { FrameReader } from "./frame-reader.ts";
import { heartbeat } from "./heartbeat-schema.ts";
import { serve } from "./method.ts";
import { dispatch, methodTable } from "./method-table.ts";
import { bye, hello, register } from "./registration-schema.ts";

const addressed = { id: "p-1", time: 1_700_000_000_000, from: "w1", to: "server" };
const said = { apiVersion: { major: 1, minor: 0 }, serviceVersion: "0.1.0", mode: "session", state: "configured" };
const session: Envelope = {
  ...{ ...addressed, kind: "ack", sequence: 0, method: "rpc.session" },
  params: { version: 1, session: "s-1", peer: null, received: 0, begun: 0 },
};
const messages: readonly Envelope[] = [
  session,
  { ...addressed, kind: "ack", sequence: 0, method: "rpc.ack", params: { received: 0, begun: 0 } },
  { ...addressed, kind: "call", sequence: 1, method: "hello", params: { ...said, features: ["a"] } },
  {
    ...addressed,
    kind: "event",
    sequence: 2,
    method: "bye",
    params: { reason: "stopped", detail: "", unitsRunning: 0 },
  },
  { ...addressed, kind: "event", sequence: 3, method: "rpc.cancel", params: {}, correlation: "p-1" },
  { ...addressed, kind: "reply", sequence: 4, method: "hello", correlation: "p-1", result: {} },
];

const errors: string[] = [];
const log = { ...silentLog, error: (message: string) => void errors.push(message) };
const table = methodTable([
  serve(hello, (params) => params),
  serve(bye, () => ({})),
  serve(heartbeat, () => ({ serverTimeMs: 1, assertionTimeMs: 1, nextInMs: 15_000 })),
  serve(register, ({ name, labels }) => ({
    ...{
      workerId: "w1",
      name,
      node: name,
      epoch: 1,
      labels,
      serverTimeMs: 1,
      heartbeatEveryMs: 15_000,
      comeBackWithinMs: 0,
    },
    ...{ serverNode: "server", authority: "pem", certificate: "pem" },
  })),
]);

const isRefusal = (error: unknown): boolean => error instanceof FleetError && error.code === "MESSAGE_INVALID";

function framesOf(bytes: Buffer, random: Random): string[] {
  const reader = new FrameReader();
  const messages: string[] = [];
  for (const piece of piecesOf(bytes, random)) {
    reader.push(piece);
    for (let message = reader.next(); message; message = reader.next()) messages.push(message.toString("latin1"));
  }
  return messages;
}

/** A side that has met the other, or has not, and then is told the bytes: it is cut off in order, or goes on. */
async function saidInAConversation(bytes: Buffer, random: Random): Promise<void> {
  const conversation = new Conversation({
    ...{ ownName: "server", peerName: "w1", table, clock: systemClock, log },
  });
  const [near, far] = duplexPair();
  far.on("error", () => {}).resume();
  const over = conversation.attach(near);
  const asked = conversation.call(hello, { ...said, features: [] } as never).catch((error: unknown) => error);
  if (random(4) !== 0) far.write(encodeEnvelope(session));
  for (const piece of piecesOf(bytes, random)) far.write(piece);
  far.end();
  const error = await over;
  if (error) expect(error).toBeInstanceOf(FleetError);
  conversation.close();
  expect(await asked).toBeInstanceOf(Error);
  expect(errors).toEqual([]);
}

fuzz(
  "nothing that comes in a conversation does harm",
  {
    samples: [...messages.map(encodeEnvelope), Buffer.concat(messages.slice(1).map(encodeEnvelope))],
    splinters: ['"params":', '"sequence":1', '"kind":"ack"', "rpc.", Buffer.from("00000002", "hex"), "[[[[[[[["],
  },
  {
    message: (bytes) => {
      for (const one of [bytes, bytes.subarray(lengthBytes)]) {
        const envelope = refusedOr(() => decodeEnvelope(one), isRefusal);
        if (!envelope) continue;
        const again = encodeEnvelope(envelope);
        expect(encodeEnvelope(decodeEnvelope(again.subarray(lengthBytes)))).toEqual(again);
      }
    },
    frames: (bytes, random) => {
      const inPieces = refusedOr(() => framesOf(bytes, random), isRefusal);
      const whole = refusedOr(() => framesOf(bytes, () => bytes.length - 1), isRefusal);
      expect(inPieces).toEqual(whole);
    },
    dispatch: async (bytes) => {
      const envelope = refusedOr(() => decodeEnvelope(bytes.subarray(lengthBytes)), isRefusal);
      if (!envelope || envelope.kind === "reply") return;
      const { id, method, params } = envelope;
      const request = { id, method, params, signal: new AbortController().signal };
      const outcome = await dispatch(table, request, { name: "w1", level: "admin", carrier: "fleet" }, log);
      if ("fault" in outcome) expect(outcome.fault.code).toMatch(/^(METHOD_UNKNOWN|PARAMS_INVALID)$/);
    },
    conversation: saidInAConversation,
  },
);
