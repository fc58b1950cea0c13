import type { Units } from "#work";

/** What of the units matters here. */
type Watched = Pick<Units, "list" | "watch">;

/** Do something once, as soon as no unit runs or waits: what `drain` means for a key of the configuration (CAT-5). */
export function whenIdle(units: Watched, act: () => void): void {
  const isIdle = (): boolean => Object.keys(units.list((unit) => !unit.isFinal)).length === 0;
  if (isIdle()) return act();
  const unwatch = units.watch(() => {
    if (!isIdle()) return;
    unwatch();
    act();
  });
}
