import type { Requester, UnitNews } from "#fleet";
import { UnitState } from "#work/wire";
import { captureMs, type QuokkaCommand, type QuokkaType } from "./command.ts";

/** A unit that one of Quokka's workers is asked to do; as JSON it is kept until nothing of it can come any more. */
export interface QuokkaJob {
  readonly unit: string;
  readonly workerId: string;
  readonly type: QuokkaType;
  readonly command: QuokkaCommand;
  /** By which a result is known to be of this one; nobody can guess it. Captures have none (spec §4.3). */
  readonly token: string;
  readonly params: Readonly<Record<string, string>>;
  readonly requestedBy: Requester;
  readonly createdAt: number;
  /** When the order left: that it arrived nobody says. */
  sentAt?: number;
  /** When the first packet came. */
  startedAt?: number;
  packets: number;
  /** Packets that came and were not kept. */
  dropped: number;
  ended?: Ending;
}

/** How it ended. */
export interface Ending {
  readonly at: number;
  readonly state: 2 | 3 | 4;
  readonly detail: string;
  readonly cause?: "NO_RESULT" | "NOT_SENT" | "CANCELED" | "STORAGE_FAILED";
  readonly size: number;
  readonly sha256: string;
}

/** An order that waits for a heartbeat is given up after so long, milliseconds. */
const unsentMs = 600_000;
/** Results are on their way for so long at most, milliseconds. */
const graceMs = 15_000;

/** As {@link Ending}, before the output was looked at. */
export type HowEnded = Pick<Ending, "state" | "detail" | "cause">;

export const noRoom: HowEnded = {
  ...{ state: UnitState.Failed, cause: "STORAGE_FAILED" },
  detail: "there is no room for its result: that for what comes of workers of Quokka is taken by units that go on",
};

/** Why an order never reached the broker of its worker. */
export const notPublished = (why: string): HowEnded => ({
  ...{ state: UnitState.Failed, cause: "NOT_SENT" },
  detail: `the server did not give the order to the worker's broker: ${why}`.slice(0, 1_000),
});

/** Packets that came, also those that were not kept. */
export const cameOf = ({ packets, dropped }: QuokkaJob): number => packets + dropped;

/** Packets of a capture that we have ended may come until the program ends it: they must not be taken for another one's. */
export function mayStillCome({ type, sentAt }: QuokkaJob, now: number): boolean {
  return type === "capture" && sentAt !== undefined && now < sentAt + captureMs;
}

/** Whether nobody would expect any more that it is done. */
export const isTooOld = ({ createdAt }: QuokkaJob, now: number): boolean => now >= createdAt + unsentMs;

/** When it is to be given up, or, of a capture, when it is over. */
export function endsAt({ sentAt, createdAt, command }: QuokkaJob): number {
  return sentAt === undefined ? createdAt + unsentMs : sentAt + command.withinMs + graceMs;
}

/** How it ends when that time has come. There is no success without a result. */
export function endingInTime(job: QuokkaJob): HowEnded {
  const { sentAt, packets, dropped, type } = job;
  if (sentAt === undefined)
    return {
      ...{ state: UnitState.Failed, cause: "NOT_SENT" },
      detail: "the worker did not ask for work within 10 minutes: it never had the order",
    };
  if (type === "capture" && packets > 0) return { state: UnitState.Succeeded, detail: packetsText(packets, dropped) };
  const why = type === "capture" ? "no packet came: none matched, or it never ran" : "no result came in time";
  return { state: UnitState.Failed, cause: "NO_RESULT", detail: `${why}. The program says nothing of failures` };
}

/** `12 packets`, and how many were left out. */
export function packetsText(packets: number, dropped: number): string {
  return `${packets} ${packets === 1 ? "packet" : "packets"}${dropped > 0 ? `, ${dropped} not kept` : ""}; the program does not say when it ends`;
}

/** The unit as the index has it. */
export function newsOfJob(job: QuokkaJob, size: number): UnitNews {
  const { unit, type, params, requestedBy, createdAt, startedAt, ended } = job;
  return {
    ...{ id: unit, workType: type, params: { ...params }, requestedBy, createdAt },
    state: ended?.state ?? (startedAt === undefined ? UnitState.Pending : UnitState.Running),
    detail: ended?.detail ?? waitingText(job),
    stdoutSize: ended?.size ?? size,
    ...(startedAt !== undefined && { startedAt }),
    ...(ended && { endedAt: ended.at, sha256: ended.sha256 }),
    ...(ended?.cause !== undefined && { cause: ended.cause }),
  };
}

function waitingText({ sentAt, startedAt }: QuokkaJob): string {
  if (sentAt === undefined) return "waits for the worker's next heartbeat";
  return startedAt === undefined ? "sent; no acknowledgement exists" : "packets come";
}
