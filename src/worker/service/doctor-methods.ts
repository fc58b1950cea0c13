import { type ServedMethod, serve, type WatcherStatus, workerDoctor } from "#fleet";
import type { DoctorFacts, Finding } from "../doctor/mod.ts";
import { thisAccount } from "../modes/places.ts";
import type { Setup } from "../modes/mod.ts";

/** `worker.doctor`: what `farhand worker doctor` says, for whoever cannot sit at the machine (CAT-114). */
export function doctorMethods(setup: Setup, watchers: () => readonly WatcherStatus[]): ServedMethod[] {
  const looking: { now?: Promise<readonly Finding[]> } = {};
  return [
    serve(workerDoctor, async () => {
      // However many ask at once, it looks once.
      looking.now ??= look(setup, watchers()).finally(() => delete looking.now);
      return { findings: (await looking.now).map(shortened) };
    }),
  ];
}

async function look(setup: Setup, watchers: readonly WatcherStatus[]): Promise<readonly Finding[]> {
  const { lookAll } = await import("../doctor/mod.ts");
  return await lookAll({ ...factsOf(setup), watchers });
}

/** What it goes by now, and not what the environment said at its start: its secrets were taken out of that. */
function factsOf({ mode, places, configuration, identity }: Setup): DoctorFacts {
  const { written, running } = configuration;
  const faults = written.state === "misconfigured" ? written.faults : [];
  return {
    ...{ mode, places, uid: thisAccount().uid, values: running?.values, now: Date.now },
    faults: faults.map(({ path, reason }) => (path === "" ? reason : `${path}: ${reason}`)),
    isConfigured: written.state !== "none",
    isRegistered: identity.membership() !== undefined,
  };
}

const maxLine = 4_096;

function shortened(finding: Finding): Finding {
  const says = finding.says.slice(0, maxLine);
  return finding.kind === "ok" ? { ...finding, says } : { ...finding, says, cure: finding.cure.slice(0, maxLine) };
}
