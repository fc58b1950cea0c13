import { useEffect, useState } from "react";
import type { CaptureNow } from "./use-capture.ts";
import { PacketSearch } from "./packet-search.ts";

/** So many are decoded before the page may do something else: a few milliseconds. */
const atOnce = 500;

/** The packets that fit a text; undefined: all are shown. */
export interface Found {
  readonly numbers: readonly number[];
  readonly looked: number;
}

/** Look through what has come, and through what comes. */
export function useSearch({ captured, count }: CaptureNow, text: string): Found | undefined {
  const [search, setSearch] = useState<PacketSearch>();
  const [found, setFound] = useState<Found>();
  useEffect(() => {
    setSearch(text.trim() === "" ? undefined : new PacketSearch(captured, text));
    setFound(undefined);
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
  return search ? (found ?? { numbers: [], looked: 0 }) : undefined;
}
