import { errorText, type Log } from "#core";

/** Something that is done again and again. */
export interface Chore {
  readonly everyMs: number;
  readonly work: () => Promise<void>;
}

/**
 * Do chores that use the same disk, one at a time. Each has its turn, however slow another is: one that is due waits, once.
 *
 * What fails is logged, and tried again at its next time.
 */
export function keepHouse(chores: readonly Chore[], log: Log): { close(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  const timers = chores.map(({ everyMs, work }) => {
    let isDue = false;
    return setInterval(() => {
      if (isDue) return;
      isDue = true;
      running = running
        .then(work)
        .catch((error: unknown) => log.error(`the storage fails: ${errorText(error)}`))
        .finally(() => void (isDue = false));
    }, everyMs);
  });
  return {
    close: async () => {
      for (const timer of timers) clearInterval(timer);
      await running;
    },
  };
}
