import { useMemo, useState } from "react";
import { Empty } from "../../parts/empty.tsx";
import { UnitList } from "../units/unit-list.tsx";
import { UnitState } from "../units/unit-state.tsx";

/** The units of one worker, the newest first; also while it is away. */
export function WorkerUnits({ worker }: { readonly worker: string }) {
  const [state, setState] = useState("");
  const wish = useMemo(() => ({ worker, ...(state !== "" && { state }) }), [worker, state]);
  const empty = (
    <Empty title={state === "" ? "It has no units." : `None is ${state}.`}>
      <p>Run… starts one; so does</p>
      <p>
        <code className="mono">farhand run {worker} -- uname -a</code>
      </p>
    </Empty>
  );
  return (
    <div className="flex flex-col gap-3">
      <UnitState state={state} change={setState} />
      <UnitList label={`Units of ${worker}`} wish={wish} empty={empty} />
    </div>
  );
}
