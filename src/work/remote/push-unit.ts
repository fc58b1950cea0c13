import { ControlError, type ControlSession } from "#control";
import { errorText, systemCode } from "#core";
import type { Unit } from "../unit/unit.ts";
import { FrameKind, frameHeader, maxTextBytes } from "./frames.ts";

const briefMs = 20;
/** Smaller pieces go out together with their header. */
const smallBytes = 64 * 1024;

/** A unit's output from some byte on, followed to its end. */
export type OutputOf = (signal: AbortSignal) => AsyncIterable<Uint8Array>;

/**
 * Push a unit to the node that mirrors it: every change of its status, its output, and at last its ending.
 *
 * The mirror ends this by hanging up; it has nothing to say.
 */
export async function pushUnit(unit: Unit, output: OutputOf, session: ControlSession): Promise<void> {
  const gone = new AbortController();
  // Raw from here on: an error behind it would be taken for frames.
  await session.write(Buffer.from(`Streaming unit ${unit.id}\n`));
  void untilHungUp(session).then(() => gone.abort(new ControlError("CLIENT_GONE", "the mirror hung up")));
  await pushFrames(unit, output, session, AbortSignal.any([session.signal, gone.signal]));
}

/** The frames alone. The last one is a final status or a fault. */
export async function pushFrames(
  unit: Unit,
  output: OutputOf,
  session: ControlSession,
  signal: AbortSignal,
): Promise<void> {
  // Whoever reads the last frame may give the connection to another unit: nothing of this one may come behind it.
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const status = pushStatus(unit, session, either);
  try {
    await Promise.all([status, pushOutput(output(either), session)]);
    await send(session, FrameKind.Status, statusText(unit));
  } catch (error) {
    over.abort();
    await status.catch(() => undefined);
    if (systemCode(error) !== "STORAGE_FAILED") throw error;
    await send(session, FrameKind.Fault, Buffer.from(errorText(error)));
  }
}

/** Every status but the final one, which comes behind the last byte. A slow mirror misses some, never the last. */
async function pushStatus(unit: Unit, session: ControlSession, signal: AbortSignal): Promise<void> {
  await briefly(unit, signal);
  while (!unit.isFinal) {
    const { revision } = unit;
    await send(session, FrameKind.Status, statusText(unit));
    await unit.changedSince(revision, signal);
  }
}

/** Much work is over in a moment, and then its ending says it all. */
async function briefly(unit: Unit, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), briefMs);
  await unit.until(() => unit.isFinal, over.signal).catch(() => signal.throwIfAborted());
  clearTimeout(timer);
}

async function pushOutput(output: AsyncIterable<Uint8Array>, session: ControlSession): Promise<void> {
  for await (const chunk of output) await send(session, FrameKind.Output, chunk);
}

/** Frames of two senders never mix: header and body are given to the stream in one go. */
async function send(session: ControlSession, kind: FrameKind, body: Uint8Array): Promise<void> {
  const header = frameHeader(kind, body.length);
  if (body.length <= smallBytes) await session.write(Buffer.concat([header, body]));
  else await Promise.all([session.write(header), session.write(body)]);
}

/** What belongs to the kind of unit means nothing elsewhere, and params may be large. */
function statusText(unit: Unit): Buffer {
  const text = Buffer.from(JSON.stringify({ ...unit.report(), ExtraData: null }));
  return text.length <= maxTextBytes
    ? text
    : Buffer.from(JSON.stringify({ ...unit.report(), ExtraData: null, Detail: "" }));
}

async function untilHungUp(session: ControlSession): Promise<void> {
  try {
    for await (const _ of session.payload()) continue;
  } catch {
    // However it ended, it ended.
  }
}
