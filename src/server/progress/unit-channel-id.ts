/** A unit of a worker. */
export interface UnitName {
  /** Id, not name: names are given again. */
  readonly workerId: string;
  readonly unit: string;
}

const prefix = "unit:";

/** The channel of a unit (docs/wire/progress.md). */
export function unitChannelId({ workerId, unit }: UnitName): string {
  return `${prefix}${workerId}/${unit}`;
}

/** Whether a channel is, or looks like, one of a unit: senders have nothing to say there. */
export function isUnitChannel(channel: string): boolean {
  return channel.startsWith(prefix);
}

/** The unit of a channel; undefined when it is none. */
export function unitOfChannel(channel: string): UnitName | undefined {
  const [, workerId, unit] = /^unit:([\w-]{1,100})\/([0-9A-Za-z]{1,64})$/.exec(channel) ?? [];
  return workerId === undefined || unit === undefined ? undefined : { workerId, unit };
}
