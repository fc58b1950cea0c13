import { type Clock, systemClock } from "#core";
import { type ServedMethod, serve, workerVitals } from "#fleet";
import type { AnsweredBeat } from "../agent/agent.ts";
import { type MachineVitals, Vitals } from "../agent/vitals.ts";

/** However many ask: what the processors did in less than this says nothing, milliseconds. */
const freshMs = 1_000;

/** `worker.vitals`. @param beat the last heartbeat that was answered; absent: there is no server. */
export function vitalsMethods(
  dataDir: string,
  beat: () => AnsweredBeat | undefined,
  clock: Pick<Clock, "elapsed"> = systemClock,
): ServedMethod[] {
  const vitals = new Vitals(dataDir);
  const looked: { at: number; now: Promise<MachineVitals> } = { at: clock.elapsed(), now: vitals.look() };
  const look = (): Promise<MachineVitals> => {
    if (clock.elapsed() - looked.at < freshMs) return looked.now;
    looked.at = clock.elapsed();
    looked.now = vitals.look();
    return looked.now;
  };
  return [
    serve(workerVitals, async () => {
      const { cpuPercent, memoryUsedBytes, memoryTotalBytes, loadAverage1m, diskFreeBytes, diskTotalBytes } =
        await look();
      return {
        ...{ cpuPercent, memoryUsedBytes, memoryTotalBytes, loadAverage1m, diskFreeBytes, diskTotalBytes },
        ownMemoryBytes: process.memoryUsage.rss(),
        heartbeat: beat() ?? null,
      };
    }),
  ];
}
