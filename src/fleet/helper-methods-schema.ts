/**
 * What run loops and their worker say to each other (spec CAT §8): programs in any language that fetch tasks themselves, over
 * a Unix socket or the WebSocket `/rpc/stream`. Bytes travel as base64. docs/wire/run-loops.md shows a conversation.
 *
 * No level opens these methods: a helper's own credential does, which opens nothing else (CAT-86).
 */
import { z } from "zod";
import type { Method } from "./method.ts";

/** Versions of these methods that this program speaks (CAT-94). */
export const helperProtocols: readonly number[] = [1];

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const text = (maxChars: number) => z.string().max(maxChars);
const unitId = z.string().regex(/^[0-9A-Za-z]{1,64}$/);
const workTypeName = z.string().min(1).max(1_000);
const nothing = z.strictObject({});
type Nothing = Record<string, never>;

/** Most bytes of payload or output in one call: as base64 they stay well below what a message may have. */
export const maxPieceBytes = 512 * 1024;
const base64 = z
  .string()
  .max(Math.ceil(maxPieceBytes / 3) * 4)
  .regex(/^[A-Za-z0-9+/]*={0,2}$/, "is no base64");
/** Longest time a call may be kept waiting for news, milliseconds. */
export const maxHelperWaitMs = 30_000;
const waitMs = count.max(maxHelperWaitMs).describe("how long the answer may wait for news, milliseconds");

/** A task, and that it is this helper's: `fence` is the number it was handed out with (CAT-85). */
const claim = { task: unitId, fence: count.min(1) };
const Claim = z.strictObject(claim);
export type HelperClaim = z.infer<typeof Claim>;

/** What to do with a task. `shutdown`: end it and take no other. */
export const helperWord = z.enum(["continue", "cancel", "shutdown"]);
export type HelperWord = z.infer<typeof helperWord>;

const HelperTask = z.strictObject({
  ...claim,
  workType: workTypeName,
  params: text(1_000_000).describe("as of a command line, not yet split into words"),
  attempt: count.min(1).describe("1 for the first"),
  leaseMs: count.describe("without a word for so long the task is another's"),
  payloadBytes: count,
  outputBytes: count.describe("of this attempt's output as much is on record"),
});
export type HelperTask = z.infer<typeof HelperTask>;

/** Who a helper is. */
const HelperHello = z.strictObject({
  protocols: z.array(count).min(1).max(16).describe("versions of these methods that it speaks"),
  version: text(64).describe("of its program, for people"),
  instance: z
    .string()
    .regex(/^[\w-]{8,64}$/)
    .describe("random, one for each run of it: a token is for one at a time"),
  slots: count.min(1).max(1_000).describe("how many tasks it does at once"),
  labels: z.record(text(64), text(255)).optional().describe("for people"),
  token: text(200).optional().describe("on a socket, where no header can bear it"),
  workTypes: z.array(workTypeName).max(100).optional().describe("fewer than its credential allows, if it likes"),
});
export type HelperHello = z.infer<typeof HelperHello>;

/** All it has to know of this worker: it reads no settings (CAT-88). */
const HelperWelcome = z.strictObject({
  protocol: count.describe("the version both will speak"),
  helper: text(64).describe("its id here"),
  serviceVersion: text(64),
  beatEveryMs: count.describe("how often it says that it lives"),
  serviceLossMs: count.describe("so long it may hope when the worker is gone (CAT-91)"),
  types: z
    .array(
      z.strictObject({
        workType: workTypeName,
        leaseMs: count,
        cancelGraceMs: count.describe("between asking a command to end and killing it"),
        onServiceLoss: z.enum(["finish", "abort"]),
        user: z.strictObject({ uid: count, gid: count }).optional().describe("whom its commands run as"),
      }),
    )
    .max(100),
  held: z.array(HelperTask).max(1_000).describe("tasks that are its own already, from a connection before"),
});
export type HelperWelcome = z.infer<typeof HelperWelcome>;

const free = { level: "none", changes: false } as const;

export const helperHello: Method<HelperHello, HelperWelcome> = {
  name: "helper.hello",
  params: HelperHello,
  result: HelperWelcome,
  ...free,
};

const NextWanted = z.strictObject({ waitMs });
const Next = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("task"), task: HelperTask }),
  z.strictObject({ kind: z.literal("nothing") }),
  z.strictObject({ kind: z.literal("shutdown"), reason: text(1_000) }),
]);
export type HelperNext = z.infer<typeof Next>;

/** The next task, as soon as there is one. */
export const helperNext: Method<z.infer<typeof NextWanted>, HelperNext> = {
  name: "helper.next",
  params: NextWanted,
  result: Next,
  ...free,
};

const PayloadWanted = z.strictObject({ ...claim, offset: count });
const Payload = z.strictObject({ bytes: base64, isEnd: z.boolean().describe("nothing comes behind it") });

/** A piece of a task's payload. */
export const helperPayload: Method<z.infer<typeof PayloadWanted>, z.infer<typeof Payload>> = {
  name: "helper.payload",
  params: PayloadWanted,
  result: Payload,
  ...free,
};

const Output = z.strictObject({ ...claim, offset: count.describe("place of the first byte"), bytes: base64 });
const OutputTaken = z.strictObject({ size: count.describe("bytes on record now"), word: helperWord });

/** A piece of a task's output. What is on record already is not written again. */
export const helperOutput: Method<z.infer<typeof Output>, z.infer<typeof OutputTaken>> = {
  name: "helper.output",
  params: Output,
  result: OutputTaken,
  ...free,
};

const Told = z.strictObject({ word: helperWord });
const Progress = z.strictObject({
  ...claim,
  percent: z.number().min(0).max(100).optional(),
  text: text(500).optional(),
});

/** How far a task is, for people. More than four a second are answered late (CAT-93). */
export const helperProgress: Method<z.infer<typeof Progress>, z.infer<typeof Told>> = {
  name: "helper.progress",
  params: Progress,
  result: Told,
  ...free,
};

const LogLines = z.strictObject({ ...claim, lines: z.array(text(4_096)).min(1).max(200) });

/** Lines about a task that are no output of it. More than four calls a second are answered late (CAT-93). */
export const helperLog: Method<z.infer<typeof LogLines>, z.infer<typeof Told>> = {
  name: "helper.log",
  params: LogLines,
  result: Told,
  ...free,
};

const Beat = z.strictObject({
  waitMs,
  tasks: z.array(z.strictObject({ ...claim, known: helperWord.describe("what it does already") })).max(1_000),
});
const BeatAnswer = z.strictObject({
  tasks: z.array(z.strictObject({ ...claim, word: z.union([helperWord, z.literal("lost")]) })).max(1_000),
});

/** It lives, and has these tasks. Answered at once when one is to do something else than it does. */
export const helperBeat: Method<z.infer<typeof Beat>, z.infer<typeof BeatAnswer>> = {
  name: "helper.beat",
  params: Beat,
  result: BeatAnswer,
  ...free,
};

const Done = z.strictObject({
  ...claim,
  exitCode: count.max(255).optional(),
  signal: z
    .string()
    .regex(/^SIG[A-Z0-9]{1,16}$/)
    .optional()
    .describe("in place of an exit code: what ended it"),
  outputBytes: count.describe("of all its output, which must be on record"),
});
const Recorded = z.strictObject({ recorded: z.literal(true) });

/** A task has ended. Said again it changes nothing. */
export const helperDone: Method<z.infer<typeof Done>, z.infer<typeof Recorded>> = {
  name: "helper.done",
  params: Done,
  result: Recorded,
  ...free,
};

const Failed = z.strictObject({ ...claim, error: text(2_000), retryable: z.boolean() });
const FailedAnswer = z.strictObject({ again: z.boolean().describe("it will be tried again") });

/** A task could not be done. */
export const helperFail: Method<z.infer<typeof Failed>, z.infer<typeof FailedAnswer>> = {
  name: "helper.fail",
  params: Failed,
  result: FailedAnswer,
  ...free,
};

/** A task is given back untouched. */
export const helperRelease: Method<HelperClaim, Nothing> = {
  name: "helper.release",
  params: Claim,
  result: nothing,
  ...free,
};

/** The helper's last words. What it still has goes to others at once. */
export const helperBye: Method<Nothing, Nothing> = { name: "helper.bye", params: nothing, result: nothing, ...free };

const tokenId = z.string().regex(/^[0-9a-f]{8,32}$/);

/** What a helper from elsewhere shall be let in for. */
const HelperTokenWanted = z.strictObject({
  workTypes: z.array(workTypeName).min(1).max(100),
  expiresInMs: count.min(1_000).max(366 * 86_400_000),
  note: text(255).optional(),
});
const HelperTokenRow = z.strictObject({
  id: tokenId,
  workTypes: z.array(workTypeName),
  createdAtMs: count,
  expiresAtMs: count,
  note: text(255).optional(),
  inUse: z.boolean().describe("a helper is there with it"),
});
export type HelperTokenRow = z.infer<typeof HelperTokenRow>;
const HelperTokenMade = z.strictObject({ id: tokenId, token: text(200), expiresAtMs: count });

/** A credential for one helper from elsewhere (CAT-87). The token is told once. */
export const helperTokenCreate: Method<z.infer<typeof HelperTokenWanted>, z.infer<typeof HelperTokenMade>> = {
  name: "worker.helperToken.create",
  params: HelperTokenWanted,
  result: HelperTokenMade,
  level: "admin",
  changes: true,
};

const HelperTokens = z.strictObject({ tokens: z.array(HelperTokenRow) });

export const helperTokenList: Method<Nothing, z.infer<typeof HelperTokens>> = {
  name: "worker.helperToken.list",
  params: nothing,
  result: HelperTokens,
  level: "configure",
  changes: false,
};

const TokenNamed = z.strictObject({ id: tokenId });

/** Its helper is cut off at once, and what it had goes to others. */
export const helperTokenRevoke: Method<z.infer<typeof TokenNamed>, Nothing> = {
  name: "worker.helperToken.revoke",
  params: TokenNamed,
  result: nothing,
  level: "admin",
  changes: true,
};
