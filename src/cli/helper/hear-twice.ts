/** Two wishes to end, one after the other. */
export interface Wishes {
  /** The first SIGINT or SIGTERM. */
  readonly leave: AbortSignal;
  /** The second. */
  readonly stop: AbortSignal;
  close(): void;
}

/** Take over SIGINT and SIGTERM: the first asks a loop to finish what it has, the second to stop it. */
export function hearTwice(): Wishes {
  const [leave, stop] = [new AbortController(), new AbortController()];
  const hear = (): void => (leave.signal.aborted ? stop : leave).abort();
  process.on("SIGINT", hear).on("SIGTERM", hear);
  return {
    ...{ leave: leave.signal, stop: stop.signal },
    close: () => void process.off("SIGINT", hear).off("SIGTERM", hear),
  };
}
