import type { ControlClient } from "#control";
import { WorkError } from "../errors.ts";
import { isFinal } from "../wire.ts";
import { conclude, mismatched } from "./conclude.ts";
import { within } from "./connect-node.ts";
import { FrameReader } from "./frames.ts";
import type { TwinLink } from "./mirror-context.ts";
import type { MirrorOutput } from "./mirror-output.ts";
import type { Lease } from "./node-connections.ts";
import { decodeTold, type ToldStatus } from "./told-status.ts";
import { InvalidAnswer, isUnknownSubcommand, Troubles } from "./troubles.ts";

const answerMs = 60_000;

/** What one connection brought: an ending, or why the far end cannot give the output. */
interface Pushed {
  readonly final?: ToldStatus;
  readonly fault?: string;
  /** Nothing came behind it. */
  readonly isWhole?: boolean;
}

/**
 * Mirror a unit of a Farhand node: it pushes every change and every byte, from the byte that is missing here on.
 *
 * @param following a connection over which it is pushed from its first byte on already.
 * @returns true when the mirror is final, false when the far end turned out to be no Farhand node.
 * @throws the reason of `signal`.
 */
export async function watchFarhand(
  link: TwinLink,
  following: Lease | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const troubles = new Troubles(link);
  const backoff = link.backoff();
  const progress = (): void => {
    troubles.over();
    backoff.reset();
  };
  let isSecondTry = false;
  for (let lease = following; ; lease = undefined) {
    try {
      const { final, fault } = lease ? await followed(link, lease, progress) : await attached(link, signal, progress);
      if (final && (await conclude(link, final, isSecondTry))) return true;
      if (fault !== undefined && isSecondTry) {
        await mismatched(link, fault);
        return true;
      }
      if (fault !== undefined) await (await link.output()).clear();
      if (final || fault !== undefined) {
        isSecondTry = true;
        continue;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (isUnknownSubcommand(error)) return false;
      if (await troubles.note(error)) return true;
      // Somebody else had it broken off, or it was too old: whether the node can be reached shows with a new one.
      if (lease) continue;
    }
    await backoff.wait(signal);
  }
}

/** Take what comes behind an order. A connection that has brought the ending is left for the next one. */
async function followed(link: TwinLink, lease: Lease, progress: () => void): Promise<Pushed> {
  try {
    const pushed = await takePushed(link, lease.control, await link.output(), progress);
    if (pushed.final && pushed.isWhole) lease.giveBack();
    else lease.close();
    return pushed;
  } catch (error) {
    lease.close();
    throw error;
  }
}

async function attached(link: TwinLink, signal: AbortSignal, progress: () => void): Promise<Pushed> {
  const output = await link.output();
  const control = await link.connect(signal);
  try {
    await attach(link, control, output.size);
    return await takePushed(link, control, output, progress);
  } finally {
    control.close();
  }
}

async function attach(link: TwinLink, control: ControlClient, from: number): Promise<void> {
  const { RemoteUnitID: unitId, RemoteWorkType: workType } = link.record.data;
  const signed = await link.signature({ operation: "results", unitId, workType, startPos: from }, "farhand");
  const request = { command: "work", subcommand: "attach", unitid: unitId, startpos: from, ...signed };
  const line = await within(answerMs, control, control.callLine(request));
  if (!line.startsWith("Streaming unit ")) throw new InvalidAnswer(`could not parse response: ${line.slice(0, 200)}`);
}

async function takePushed(
  link: TwinLink,
  control: ControlClient,
  output: MirrorOutput,
  progress: () => void,
): Promise<Pushed> {
  const frames = new FrameReader();
  for await (const chunk of control.bytes()) {
    let end: Pushed | undefined;
    for (const event of frames.push(chunk as Buffer)) {
      if (end) return { ...end, isWhole: false };
      if (event.kind === "output") await output.append(event.bytes);
      else if (event.kind === "fault") end = { fault: event.text.slice(0, 500) };
      else end = finalOf(link, event.text, progress);
    }
    if (end) return { ...end, isWhole: frames.isAtEnd };
  }
  throw new WorkError("NODE_UNREACHABLE", "the stream of the unit broke off");
}

/** A status that is no ending is only told. */
function finalOf(link: TwinLink, text: string, progress: () => void): Pushed | undefined {
  const told = toldIn(text);
  progress();
  if (isFinal(told.State)) return { final: told };
  link.record.told(told);
  return undefined;
}

function toldIn(text: string): ToldStatus {
  try {
    return decodeTold(text);
  } catch (error) {
    throw new InvalidAnswer("a status that is none", { cause: error });
  }
}
