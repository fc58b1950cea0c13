import { setMaxListeners } from "node:events";
import { type Clock, type Closable, errorText, type Log } from "#core";
import type { ServerCore } from "./core.ts";
import type { OwnCertificate } from "./line/own-certificate.ts";

const sweepMs = 10_000;
const rolloutMs = 1_000;
const maintainMs = 60_000;
const quokkaMs = 1_000;
const unitsMs = 600_000;
const certificateMs = 3_600_000;
/** Heartbeats of many workers are stored often, so that each time takes a moment only. */
const healthMs = 2_000;

type Rooms = "access" | "audit" | "ages" | "presence" | "health" | "units" | "quokka" | "enrolments" | "pending";

export interface KeepUpOptions extends Pick<ServerCore, Rooms | "recordings" | "rollouts"> {
  readonly auditKeptMs: number | undefined;
  /** Opens the certificate of the server, and makes the next one when its time has come. */
  readonly ownCertificate: () => Promise<OwnCertificate>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What has to be done now and then, as long as the server runs. What fails is told, and done again when it is due. */
export function keepUp(options: KeepUpOptions): Closable {
  const { access, audit, ages, auditKeptMs, presence, health, units, quokka } = options;
  const { enrolments, pending, recordings, rollouts, ownCertificate, clock, log } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  // Each of what is done now and then listens to it.
  setMaxListeners(0, signal);
  const trouble =
    (what: string) =>
    (error: unknown): void =>
      log.warn(`${what} cannot be kept up; it is tried again`, { error: errorText(error) });
  const tasks: [what: string, everyMs: number, work: () => Promise<unknown>][] = [
    ["sessions", sweepMs, () => access.sweep()],
    ["measurements", healthMs, () => health.flush()],
    ["roll-outs", rolloutMs, () => rollouts.look()],
    ["old measurements", maintainMs, () => health.maintain(signal)],
    ["units that are no more", unitsMs, () => units.sweep()],
    ["units of Quokka workers", quokkaMs, () => quokka.units.look()],
    ["enrolment tokens", maintainMs, () => enrolments.sweep()],
    ["workers that wait", maintainMs, () => pending.sweep()],
    ["recordings", maintainMs, () => recordings.sweep()],
    // A server runs for longer than its certificate is good for.
    ["the certificate", certificateMs, () => renew(ownCertificate, log)],
  ];
  if (auditKeptMs !== undefined)
    tasks.push(["the audit", maintainMs, () => audit.dropBefore(ages.now() - auditKeptMs)]);
  const repeat = async ([what, everyMs, work]: (typeof tasks)[number]): Promise<void> => {
    while (!signal.aborted) {
      await clock.sleep(everyMs, signal).catch(() => undefined);
      if (!signal.aborted) await work().catch(trouble(what));
    }
  };
  const running = Promise.all([presence.run(signal, trouble("who is there")), ...tasks.map(repeat)]);
  return {
    close: async () => {
      stopping.abort(new Error("the server stops"));
      await running;
      await health.flush().catch(trouble("measurements"));
    },
  };
}

async function renew(ownCertificate: () => Promise<OwnCertificate>, log: Log): Promise<void> {
  try {
    const { isNew, cert } = await ownCertificate();
    if (isNew) log.info("the server's certificate was renewed", { cert });
  } catch (error) {
    log.warn("the server's certificate ends soon, and was not renewed", { error: errorText(error) });
  }
}
