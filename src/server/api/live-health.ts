import type { Clock } from "#core";
import type { LastBeat, LastBeats } from "../registry/last-beats.ts";
import type { LiveSocket } from "./live-socket.ts";
import type { VisibleWorkers } from "./visible-workers.ts";

/** Heartbeats of many workers come in one message, about so far apart. */
const tellEveryMs = 1_000;
const beatsAtOnce = 500;

/** Numbers of a heartbeat that lists show; the rest stands in the worker's series. */
const shown = [
  ...[
    "cpuPercent",
    "memoryUsedBytes",
    "memoryTotalBytes",
    "memoryPercent",
    "responseTimeMs",
    "unitsRunning",
    "unitsPending",
  ],
  ...["diskFreeBytes", "diskTotalBytes"],
];

/**
 * The topic `health`: the last heartbeat of each worker, and then what has come since the message before. Nothing of it is
 * numbered: who comes back is told the last of each again.
 */
export async function tellHealth(
  socket: Pick<LiveSocket, "send">,
  beats: Pick<LastBeats, "after" | "newest">,
  visible: Pick<VisibleWorkers, "look">,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (let told = 0; !signal.aborted; await clock.sleep(tellEveryMs, signal).catch(() => {})) {
    const { newest } = beats;
    if (newest === told) continue;
    const isVisible = await visible.look();
    const fresh = beats.after(told).filter(({ workerId }) => isVisible(workerId));
    for (let from = 0; from < fresh.length; from += beatsAtOnce) {
      const some = fresh.slice(from, from + beatsAtOnce).map(beatView);
      await socket.send(JSON.stringify({ kind: "health", now: clock.now(), beats: some }));
    }
    told = newest;
  }
}

function beatView({ workerId, at, sample }: LastBeat) {
  const numbers = shown.flatMap((name) => (Object.hasOwn(sample, name) ? [[name, sample[name]] as const] : []));
  return { worker: workerId, at, ...Object.fromEntries(numbers) };
}
