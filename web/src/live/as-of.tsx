import { Age } from "../parts/age.tsx";
import { useServerNow } from "./clock.ts";
import { useLive } from "./live.tsx";

/** Since when nothing comes in: what is shown was so then, and may be otherwise now (CAT-112). */
export function AsOf() {
  const { line, aheadMs } = useLive();
  const now = useServerNow() - aheadMs;
  if (line.kind !== "cut") return null;
  return (
    <p className="text-stale italic">
      as of <Age at={line.sinceMs} now={now} />: no changes come in
    </p>
  );
}
