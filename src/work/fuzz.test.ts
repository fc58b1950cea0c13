import { generateKeyPairSync, sign } from "node:crypto";
import { expect } from "vitest";
import { parseGoDuration, parseSize } from "#core";
import { fuzz, piecesOf, type Random, refusedOr } from "../../test/kit/fuzz.ts";
import { WorkError } from "./errors.ts";
import { decodeMessage } from "./helper/wire.ts";
import { type FrameEvent, FrameError, FrameKind, FrameReader, frameHeader } from "./remote/frames.ts";
import { decodeAccepted } from "./remote/order-wire.ts";
import { decodeRemoteData, expiryOf } from "./remote/remote-data.ts";
import { decodeTold, withCause } from "./remote/told-status.ts";
import { parseWorkJson, parseWorkText } from "./requests.ts";
import { splitParams } from "./runner/params.ts";
import { emptySha256, encodeOrder, orderPrefix, orderText, readOrder } from "./signature/order.ts";
import { decodeNonces } from "./signature/nonce-file.ts";
import { KeyFault, orderPublicKeys, rsaPublicKey } from "./signature/pem.ts";
import { parseRevokedKeys } from "./signature/revoked-keys.ts";
import { signToken, verifyToken } from "./signature/token.ts";
import { decodeRecord } from "./unit/process-record.ts";
import { decodeStatus, encodeStatus } from "./unit/status-file.ts";

const now = Date.UTC(2030, 0, 1);
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ed25519 = generateKeyPairSync("ed25519");
const token = signToken({ key: rsa.privateKey, audience: "bar", expiresAt: now + 300_000 });
const hash = "ab".repeat(32);
const order = encodeOrder({
  ...{ operation: "submit", unitId: "abcd1234", workType: "echo", paramsSha256: hash, payloadSha256: emptySha256 },
  ...{ target: "bar", submitter: "foo", notBefore: now, notAfter: now + 60_000, nonce: "cd".repeat(16), keyId: hash },
});
const signedOrder = orderText(order, sign(null, order, ed25519.privateKey));
const status = JSON.stringify({
  ...{ State: 2, Detail: "exit status 0", StdoutSize: 3, WorkType: "remote", ExitCode: 0, Cause: "EXITED" },
  ...{ StdoutSha256: hash, FinishedAt: "2030-01-01T00:00:00Z", Order: { TokenSha256: hash, Bytes: 1, Sha256: hash } },
  ExtraData: {
    ...{ RemoteNode: "bar", RemoteWorkType: "echo", RemoteParams: { params: "x" }, RemoteUnitID: "abcd1234" },
    ...{ RemoteStarted: true, LocalCancelled: false, LocalReleased: false, SignWork: false, TLSClient: "" },
    Expiration: "0001-01-01T00:00:00Z",
  },
});
const request = {
  ...{ command: "work", subcommand: "submit", node: "bar", worktype: "echo", ttl: "1h", signwork: "true", params: "x" },
};
const orderRequest = {
  ...{ command: "work", subcommand: "order", node: "bar", worktype: "echo", workUnitID: "abcd1234" },
  ...{ token: "ef".repeat(16), sha256: hash, bytes: 3, params: { params: "x" } },
};
const frames = Buffer.concat([
  ...[frameHeader(FrameKind.Status, status.length), Buffer.from(status), frameHeader(FrameKind.Output, 5)],
  ...[Buffer.from("hello"), frameHeader(FrameKind.Fault, 2), Buffer.from("no")],
]);

const corpus = {
  samples: [
    ...[frames, status, token, signedOrder, order, JSON.stringify(request), JSON.stringify(orderRequest)],
    ...["submit bar echo some params", "results abcd1234 100", '{"unitid":"abcd1234","from":3}', '{"kind":"ping"}'],
    ...[`a 'b c' "d \\" e" # f`, "1h2m3.5s", "10MiB", `${hash} # left`, `farhand-nonces 1 5 7\n${hash} `],
    ...[rsa.publicKey, ed25519.publicKey].map((key) => key.export({ type: "spki", format: "pem" }) as string),
  ],
  splinters: [
    ...[
      '"State":',
      '"ExtraData":',
      '"subcommand":',
      '"order"',
      '"bytes":',
      "results ",
      "cancel ",
      "startpos",
      orderPrefix,
    ],
    ...[
      '{"alg":"none"}',
      '{"alg":"HS256"}',
      "-----BEGIN PUBLIC KEY-----",
      "-----END PUBLIC KEY-----",
      "..",
      "'",
      '"',
      "#",
    ],
  ].flatMap((text) => [text, Buffer.from(text).toString("base64url")]),
};

const isWorkError = (error: unknown) => error instanceof WorkError;
const isParseError = (error: unknown) => error instanceof SyntaxError || error instanceof TypeError;

function jsonIn(bytes: Buffer): Record<string, unknown> | undefined {
  const value = refusedOr((): unknown => JSON.parse(bytes.toString()), isParseError);
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}

/** What comes out of frames is the same however they are cut. */
function eventsOf(pieces: readonly Buffer[]): {
  readonly text: string;
  readonly output: string;
  readonly broke: boolean;
} {
  const reader = new FrameReader();
  const seen: FrameEvent[] = [];
  let broke = false;
  try {
    for (const piece of pieces) for (const event of reader.push(piece)) seen.push(event);
  } catch (error) {
    expect(error).toBeInstanceOf(FrameError);
    broke = true;
  }
  const text = seen.map((event) => (event.kind === "output" ? "" : `${event.kind} ${event.text}\n`)).join("");
  const output = seen.map((event) => (event.kind === "output" ? event.bytes.toString("latin1") : "")).join("");
  return { text, output, broke };
}

fuzz("what is said about work is read, or refused in order", corpus, {
  "request line": (bytes) => refusedOr(() => parseWorkText(bytes.toString()), isWorkError),
  request: (bytes) => {
    const json = jsonIn(bytes);
    if (json) refusedOr(() => parseWorkJson(json), isWorkError);
  },
  frames: (bytes, random: Random) => {
    expect(eventsOf(piecesOf(bytes, random))).toEqual(eventsOf([bytes]));
  },
  status: (bytes) => {
    const found = refusedOr(() => decodeStatus(bytes.toString()), isParseError);
    if (found) expect(decodeStatus(encodeStatus(found))).toEqual(found);
    const told = refusedOr(() => decodeTold(bytes.toString()), isParseError);
    if (told) expect(withCause(told).Detail.length).toBeLessThanOrEqual(4096);
  },
  "remote data": (bytes) => {
    const json = jsonIn(bytes);
    const data = decodeRemoteData(json?.["ExtraData"] ?? json);
    if (data) expect(expiryOf(data)).not.toBeNaN();
  },
  accepted: (bytes) => {
    const accepted = decodeAccepted(bytes.toString(), 3);
    if (accepted) expect(accepted.from).toBeLessThanOrEqual(3);
  },
  token: (bytes) => {
    const text = bytes.toString("latin1");
    const isTaken = refusedOr(() => (verifyToken(text, rsa.publicKey, "bar", now), true), isWorkError);
    // Nobody makes a token by altering one.
    if (isTaken)
      expect(Buffer.from(text, "base64url").toString("hex")).toBe(Buffer.from(token, "base64url").toString("hex"));
  },
  order: (bytes) => {
    const text = bytes.toString("latin1");
    const found = refusedOr(() => readOrder(text), isWorkError);
    // There is one way to write an order.
    if (found && text.startsWith(orderPrefix)) expect(orderText(encodeOrder(found.order), found.signature)).toBe(text);
  },
  keys: (bytes) => {
    const isFault = (error: unknown) => error instanceof KeyFault;
    refusedOr(() => rsaPublicKey(bytes.toString()), isFault);
    refusedOr(() => orderPublicKeys(bytes.toString()), isFault);
    refusedOr(
      () => parseRevokedKeys(bytes.toString()),
      (error) => error instanceof Error && error.message.startsWith("line "),
    );
  },
  texts: (bytes) => {
    const text = bytes.toString();
    refusedOr(() => splitParams(text), isWorkError);
    decodeNonces(text);
    decodeMessage(text);
    refusedOr(() => decodeRecord(text), isParseError);
    parseGoDuration(text);
    parseSize(text);
  },
});
