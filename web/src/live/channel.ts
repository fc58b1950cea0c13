import { useContext, useEffect, useSyncExternalStore } from "react";
import { ProblemError } from "../api/problem.ts";
import { LiveContext } from "./live.tsx";

/** A channel of the live line, as a page sees it. */
export interface SeenChannel {
  /** Another one means that what it is about is another. */
  readonly position: string | undefined;
  /** What is told whole; undefined: nothing was told yet. */
  readonly value: unknown;
  /** Why it may not be watched. */
  readonly error: ProblemError | undefined;
  /** Whether it was told, or will not be for now: no line is there. */
  readonly isSettled: boolean;
}

const listenToNothing = (): (() => void) => () => {};

/** Watch a channel for as long as the page does; one of docs/wire/live.md. */
export function useChannel(channel: string): SeenChannel {
  const store = useContext(LiveContext);
  useEffect(() => store?.watch(channel), [store, channel]);
  const subscribe = store?.subscribe ?? listenToNothing;
  const now = useSyncExternalStore(subscribe, () => store?.view().channels.get(channel));
  const isCut = useSyncExternalStore(subscribe, () => store?.view().line.kind === "cut");
  return {
    position: now?.position,
    value: now?.value,
    error: now?.refused && new ProblemError(now.refused),
    isSettled: now !== undefined || isCut,
  };
}
