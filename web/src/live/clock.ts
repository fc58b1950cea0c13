import { useEffect, useState } from "react";
import { useLive } from "./live.tsx";

/** A worker beats every 15 s; what is older than three heartbeats is stale (CAT-112). */
export const staleAfterMs = 45_000;

/** The server's time, told again each second. */
export function useServerNow(everyMs = 1_000): number {
  const { aheadMs } = useLive();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now + aheadMs;
}
