import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { UnitDetails } from "#server/wire";
import { cancelUnit, releaseUnit } from "../../api/units.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { isFinal } from "./unit-output.ts";

/** What one may do with a unit: end it, remove it. */
export function UnitActs({ worker, unit }: { readonly worker: string; readonly unit: UnitDetails }) {
  const [asked, setAsked] = useState<"cancel" | "release">();
  const navigate = useNavigate();
  const isOver = isFinal(unit.state);
  const release = async () => {
    await releaseUnit(worker, unit.id, !isOver);
    await navigate({ to: "/workers/$worker", params: { worker }, search: { tab: "units" } });
  };
  return (
    <div className="ml-auto flex gap-2">
      {!isOver && (
        <button type="button" className="button" onClick={() => setAsked("cancel")}>
          Cancel
        </button>
      )}
      <button type="button" className="button" onClick={() => setAsked("release")}>
        Release
      </button>
      {asked === "cancel" && (
        <Confirm
          title={`Cancel unit ${unit.id}?`}
          button="Cancel the unit"
          act={() => cancelUnit(worker, unit.id)}
          close={() => setAsked(undefined)}
        >
          Its command is asked to end (SIGINT), and killed with all it started when it does not. What it has written
          stays.
        </Confirm>
      )}
      {asked === "release" && (
        <Confirm title={`Release unit ${unit.id}?`} button="Release it" act={release} close={() => setAsked(undefined)}>
          {isOver
            ? "Its output and its status are removed from the worker, for good."
            : "It still runs: its command is killed, and its output removed, for good."}
        </Confirm>
      )}
    </div>
  );
}
