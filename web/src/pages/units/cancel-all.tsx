import { useState } from "react";
import { cancelUnit } from "../../api/units.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { countText } from "../../parts/quantities.ts";
import type { UnitPlace } from "../tools/unit-names.ts";

/** End those that are not over. */
export function CancelAll({ units }: { readonly units: readonly UnitPlace[] }) {
  const [isAsked, setAsked] = useState(false);
  // Each for itself: one that cannot be reached keeps no other from its end, and is then said.
  const cancel = async () => {
    const ends = await Promise.allSettled(units.map(({ worker, unit }) => cancelUnit(worker, unit)));
    const failed = ends.find((end) => end.status === "rejected");
    if (failed) throw failed.reason;
  };
  return (
    <>
      {units.length > 0 && (
        <button type="button" className="button ml-auto" onClick={() => setAsked(true)}>
          Cancel all…
        </button>
      )}
      {isAsked && (
        <Confirm
          title={`Cancel ${countText(units.length, "unit")}?`}
          button="Cancel them"
          act={cancel}
          close={() => setAsked(false)}
        >
          Their commands are asked to end (SIGINT), and killed with all they started when they do not. What they have
          written stays.
        </Confirm>
      )}
    </>
  );
}
