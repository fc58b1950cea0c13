import { useEffect, useState } from "react";
import type { CaptureNow } from "./use-capture.ts";
import { PacketSearch, wantedBy } from "./packet-search.ts";

/** So many are decoded before the page may do something else: a few milliseconds. */
const atOnce = 500;

/** The packets that fit a text; undefined: all are shown. */
export interface Found {
  readonly numbers: readonly number[];
  readonly looked: number;
  /** What is wrong with a filter; then nothing is found. */
  readonly fault?: string;
}

/** Look through what has come, and through what comes. */
export function useSearch({ captured, count }: CaptureNow, text: string): Found | undefined {
  const [search, setSearch] = useState<PacketSearch>();
  const [found, setFound] = useState<Found>();
  useEffect(() => {
    const wanted = text.trim() === "" ? undefined : wantedBy(text);
    setSearch(typeof wanted === "function" ? new PacketSearch(captured, wanted) : undefined);
    setFound(typeof wanted === "object" ? { numbers: [], looked: 0, fault: wanted.fault } : undefined);
  }, [captured, text]);
  useEffect(() => {
    if (!search) return undefined;
    let timer: ReturnType<typeof setTimeout>;
    const step = () => {
      const isMore = search.step(atOnce);
      setFound({ numbers: [...search.found], looked: search.looked });
      if (isMore) timer = setTimeout(step, 0);
    };
    timer = setTimeout(step, 0);
    return () => clearTimeout(timer);
  }, [search, count]);
  return search ? (found ?? { numbers: [], looked: 0 }) : found;
}
