import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from "react";
import type { Beat, IndexedUnit, WorkerView } from "#server/wire";
import { socketUrl } from "../api/place.ts";
import { type LineState, LiveLine } from "./live-line.ts";
import { LiveState } from "./live-state.ts";
import { RefusedAgain } from "./refused-again.ts";
import type { ChannelNow } from "./watched-channels.ts";

/** Changes that come close together are shown together. */
const showEveryMs = 150;

/** What is known of all workers at one moment. */
export interface LiveView {
  readonly line: LineState;
  readonly isListed: boolean;
  readonly workers: readonly WorkerView[];
  readonly beats: ReadonlyMap<string, Beat>;
  readonly aheadMs: number;
  /** The last changes of units, by worker and id. */
  readonly units: ReadonlyMap<string, IndexedUnit>;
  /** Grows when some of them may have been missed. */
  readonly unitsEpoch: number;
  /** What was told of the channels that are watched. */
  readonly channels: ReadonlyMap<string, ChannelNow>;
  /** When what was refused is asked for again, by the clock of this machine; undefined: nothing was. */
  readonly askAgainAt: number | undefined;
}

const nothing: LiveView = {
  line: { kind: "connecting" },
  isListed: false,
  workers: [],
  beats: new Map(),
  aheadMs: 0,
  units: new Map(),
  unitsEpoch: 0,
  channels: new Map(),
  askAgainAt: undefined,
};

/** Keeps the line, and tells React of what came in, a few times a second at most. */
class LiveStore {
  readonly #state = new LiveState(Date.now);
  readonly #listeners = new Set<() => void>();
  readonly #line: LiveLine;
  readonly #refused = new RefusedAgain(() => this.#askAgain());
  #view: LiveView = nothing;
  #lineState: LineState = nothing.line;
  #shownVersion = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isWatchChanged = false;

  constructor(ended: () => void) {
    this.#line = new LiveLine(socketUrl("live"), {
      start: () => this.#wish(),
      message: (message) => {
        this.#state.take(message);
        this.#refused.look(this.#state.channels.isRefused);
        this.#later();
      },
      state: (line) => {
        if (line.kind === "cut") this.#state.cut();
        if (line.kind === this.#lineState.kind) return;
        this.#lineState = line;
        this.#later();
      },
      ended,
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  readonly view = (): LiveView => this.#view;

  /** @returns to watch it no more. */
  readonly watch = (channel: string): (() => void) => {
    this.#state.channels.enter(channel);
    this.#sayWatched();
    return () => {
      this.#state.channels.leave(channel);
      this.#refused.look(this.#state.channels.isRefused);
      this.#later();
      this.#sayWatched();
    };
  };

  /** What was refused is asked for at once: the reader knows that they may see it now. */
  readonly askAgain = (): void => this.#refused.now();

  close(): void {
    clearTimeout(this.#timer);
    this.#refused.close();
    this.#line.close();
  }

  #wish(): object {
    const { position, unitsPosition } = this.#state;
    return {
      topics: ["health", "units", "clock"],
      watch: this.#state.channels.wish(),
      ...(position !== undefined && { after: position }),
      ...(unitsPosition !== undefined && { unitsAfter: unitsPosition }),
    };
  }

  /** A page that gives way to another leaves and enters some at once: the server hears of that in one word. */
  #sayWatched(): void {
    if (this.#isWatchChanged) return;
    this.#isWatchChanged = true;
    setTimeout(() => {
      this.#isWatchChanged = false;
      this.#line.say(() => ({ watch: this.#state.channels.wish() }));
    });
  }

  /** The server asks itself again what may be watched when that is left and entered. */
  #askAgain(): void {
    const { channels } = this.#state;
    this.#line.say(() => ({ watch: channels.wishWithoutRefused() }));
    this.#line.say(() => ({ watch: channels.wish() }));
    this.#later();
  }

  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const { isListed, aheadMs, version, beats, units, unitsEpoch } = this.#state;
      // The same list as long as no worker has changed: what is sorted by it need not be sorted again.
      const workers = version === this.#shownVersion ? this.#view.workers : [...this.#state.workers.values()];
      this.#shownVersion = version;
      this.#view = {
        ...{ line: this.#lineState, isListed, aheadMs, workers, units, unitsEpoch },
        channels: this.#state.channels.view,
        askAgainAt: this.#refused.at,
        beats: new Map(beats),
      };
      for (const listener of this.#listeners) listener();
    }, showEveryMs);
  }
}

/** Of {@link LiveProvider}. */
export const LiveContext = createContext<LiveStore | undefined>(undefined);

/** Everything inside it sees the workers as they are. @param ended the session is over. */
export function LiveProvider({ ended, children }: { readonly ended: () => void; readonly children: ReactNode }) {
  const [store, setStore] = useState<LiveStore>();
  useEffect(() => {
    const opened = new LiveStore(ended);
    setStore(opened);
    return () => opened.close();
  }, [ended]);
  return <LiveContext value={store}>{children}</LiveContext>;
}

const listenToNothing = (): (() => void) => () => {};

/** All workers as they are now. */
export function useLive(): LiveView {
  const store = useContext(LiveContext);
  return useSyncExternalStore(store?.subscribe ?? listenToNothing, () => store?.view() ?? nothing);
}

/** One worker by id or name, and its last heartbeat. */
export function useLiveWorker(name: string): { readonly worker?: WorkerView; readonly beat?: Beat } {
  const { workers, beats } = useLive();
  const worker = workers.find((one) => one.id === name || one.name === name);
  const beat = worker && beats.get(worker.id);
  return { ...(worker && { worker }), ...(beat && { beat }) };
}
