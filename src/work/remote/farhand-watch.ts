import type { ControlClient } from "#control";
import { WorkError } from "../errors.ts";
import { isFinal } from "../wire.ts";
import { conclude, mismatched } from "./conclude.ts";
import { within } from "./connect-node.ts";
import { FrameReader } from "./frames.ts";
import type { TwinLink } from "./mirror-context.ts";
import type { MirrorOutput } from "./mirror-output.ts";
import { decodeTold, type ToldStatus } from "./told-status.ts";
import { InvalidAnswer, isUnknownSubcommand, Troubles } from "./troubles.ts";

const answerMs = 60_000;

/** What one connection brought: an ending, or why the far end cannot give the output. */
type Pushed = { readonly final?: ToldStatus; readonly fault?: string };

/**
 * Mirror a unit of a Farhand node: it pushes every change and every byte, from the byte that is missing here on.
 *
 * @returns true when the mirror is final, false when the far end turned out to be no Farhand node.
 * @throws the reason of `signal`.
 */
export async function watchFarhand(link: TwinLink, signal: AbortSignal): Promise<boolean> {
  const troubles = new Troubles(link);
  const backoff = link.backoff();
  let isSecondTry = false;
  for (;;) {
    try {
      const { final, fault } = await onceConnected(link, signal, () => {
        troubles.over();
        backoff.reset();
      });
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
    }
    await backoff.wait(signal);
  }
}

async function onceConnected(link: TwinLink, signal: AbortSignal, progress: () => void): Promise<Pushed> {
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
    for (const event of frames.push(chunk as Buffer)) {
      if (event.kind === "output") {
        await output.append(event.bytes);
        continue;
      }
      if (event.kind === "fault") return { fault: event.text.slice(0, 500) };
      const told = toldIn(event.text);
      progress();
      if (isFinal(told.State)) return { final: told };
      link.record.told(told);
    }
  }
  throw new WorkError("NODE_UNREACHABLE", "the stream of the unit broke off");
}

function toldIn(text: string): ToldStatus {
  try {
    return decodeTold(text);
  } catch (error) {
    throw new InvalidAnswer("a status that is none", { cause: error });
  }
}
