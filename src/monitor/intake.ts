import type { Log } from "#core";
import type { ChannelSource } from "./channel/channel-source.ts";
import { type Channels, shown } from "./channel/channels.ts";
import { channelId, progressFrame } from "./channel/progress-text.ts";
import { longestId } from "./viewer/subscription.ts";
import type { ZmtpMessage } from "./zmtp/peer.ts";
import type { Sender, TakeMessages } from "./zmtp/router.ts";

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
export function intakeOf(channels: Channels, { isLogged, exit, source }: IntakeRules, log: Log): TakeMessages {
  return (messages, from) => {
    for (const message of messages) {
      if (isExit(message)) obey(exit, from, log);
      else if (!takeOne(channels, message, source)) channels.counts.skipped++;
      else if (isLogged)
        log.debug(`message of ${from.address}: ${message.map((part) => shown(part.toString())).join(" ")}`);
    }
  };
}

function takeOne(channels: Channels, message: ZmtpMessage, source: IntakeRules["source"]): boolean {
  const [id, command] = message;
  if (!id || !command || id.length > longestId) return false;
  const channel = channelId(id);
  const frame = progressFrame(message, 1);
  if (channel === undefined || !frame || source?.owns(channel)) return false;
  channels.take(channel, commandOf(command), frame);
  return true;
}

/** As far as it matters: the commands that end a channel. */
function commandOf(command: Buffer): string {
  const isEnding = command.length >= 6 && command.length <= 8;
  return isEnding ? command.toString("latin1") : "";
}

function isExit(message: ZmtpMessage): boolean {
  const [id, command] = message;
  return message.length === 2 && id?.length === 1 && id[0] === 0x30 && command?.toString("latin1") === "exit";
}

function obey(exit: (() => void) | undefined, { address, isLocal }: Sender, log: Log): void {
  if (!exit || !isLocal) return log.warn(`sender ${address} orders an exit, which it may not`);
  log.info(`sender ${address} orders an exit`);
  exit();
}
