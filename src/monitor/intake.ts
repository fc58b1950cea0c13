import type { Log } from "#core";
import type { ChannelSource } from "./channel/channel-source.ts";
import { type Channels, shown } from "./channel/channels.ts";
import { ChannelNames } from "./channel/channel-names.ts";
import { PlainProgress } from "./channel/plain-progress.ts";
import { progressFrame } from "./channel/progress-text.ts";
import { longestId } from "./viewer/subscription.ts";
import type { ZmtpMessage } from "./zmtp/message.ts";
import type { Sender, TakeFrom } from "./zmtp/router.ts";

export interface IntakeRules {
  /** Every message is worth a line of the log. */
  readonly isLogged: boolean;
  /** What `0`, `exit` from this machine does; without it the order is ignored. */
  readonly exit: (() => void) | undefined;
  /** What it says of its channels nobody else may say. */
  readonly source?: Pick<ChannelSource, "owns"> | undefined;
}

/**
 * What becomes of messages of ZeroMQ: channel id, command, task id, task state (ReCodEx specification §5, §7). A message of
 * any other shape is counted, and does no harm.
 */
export function intakeOf(channels: Channels, { isLogged, exit, source }: IntakeRules, log: Log): TakeFrom {
  const [names, plain] = [new ChannelNames(), new PlainProgress()];
  const takeOne = (message: ZmtpMessage): boolean => {
    if (message.count < 2 || message.lengthOf(0) > longestId) return false;
    const channel = names.at(message.bytes, message.start(0), message.end(0));
    if (channel === undefined || source?.owns(channel)) return false;
    const frame = plain.frame(message, 1) ?? progressFrame(message.parts(), 1);
    if (frame) channels.take(channel, commandOf(message), frame);
    return frame !== undefined;
  };
  return (message, from) => {
    if (isExit(message)) obey(exit, from, log);
    else if (!takeOne(message)) channels.counts.skipped++;
    else if (isLogged) log.debug(`message of ${from.address}: ${lineOf(message)}`);
  };
}

/** As far as it matters: the commands that end a channel. */
function commandOf(message: ZmtpMessage): string {
  const length = message.lengthOf(1);
  const isEnding = length >= 6 && length <= 8;
  return isEnding ? message.part(1).toString("latin1") : "";
}

function isExit(message: ZmtpMessage): boolean {
  if (message.count !== 2 || message.lengthOf(0) !== 1 || message.lengthOf(1) !== 4) return false;
  return message.bytes[message.start(0)] === 0x30 && message.part(1).toString("latin1") === "exit";
}

function lineOf(message: ZmtpMessage): string {
  return message
    .parts()
    .map((part) => shown(part.toString()))
    .join(" ");
}

function obey(exit: (() => void) | undefined, { address, isLocal }: Sender, log: Log): void {
  if (!exit || !isLocal) return log.warn(`sender ${address} orders an exit, which it may not`);
  log.info(`sender ${address} orders an exit`);
  exit();
}
