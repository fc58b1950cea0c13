import type { LocalLoop } from "../settings.ts";

/** A helper of one type, as scaling sees it. */
export interface HelperView {
  readonly id: string;
  /** Tasks it has, and all it was given. */
  readonly has: number;
  readonly given: number;
  /** It asks for a task, or will in a moment. One that is frozen, or busy with itself, does not. */
  readonly isReady: boolean;
  /** Since when it has had none, milliseconds. */
  readonly idleMs: number;
  /** It was told to go. */
  readonly isLeaving: boolean;
}

/** What is to be done. */
export interface Scaling {
  readonly start: number;
  readonly dismiss: readonly { readonly id: string; readonly reason: string }[];
}

/** How many helpers of a type there should be, and which have to go (CAT-89). Pure. Never more than `max` run at once. */
export function scaling(waiting: number, helpers: readonly HelperView[], limits: LocalLoop): Scaling {
  const { min, max, idleMs, maxTasks = Number.POSITIVE_INFINITY } = limits;
  const isStaying = ({ isLeaving }: HelperView): boolean => !isLeaving;
  const worn = helpers.filter((helper) => isStaying(helper) && helper.given >= maxTasks);
  const staying = helpers.filter((helper) => isStaying(helper) && !worn.includes(helper));
  const free = staying.filter(({ has }) => has === 0);
  const ready = free.filter(({ isReady }) => isReady).length;
  const mayGo = waiting > 0 ? 0 : Math.max(0, staying.length - min);
  const bored = free
    .filter((helper) => helper.idleMs >= idleMs)
    .sort((a, b) => b.idleMs - a.idleMs)
    .slice(0, mayGo);
  const wanted = Math.max(min - staying.length, waiting - ready, 0);
  return {
    start: Math.min(wanted, Math.max(0, max - helpers.length)),
    dismiss: [
      ...worn.map(({ id }) => ({ id, reason: `it has had its ${maxTasks} tasks` })),
      ...bored.map(({ id }) => ({ id, reason: "there is nothing to do" })),
    ],
  };
}
