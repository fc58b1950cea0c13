import { useEffect, useState } from "react";
import { Confirm } from "../parts/confirm.tsx";
import { Loading } from "../parts/empty.tsx";
import { Heading } from "../parts/heading.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { asked } from "./api.ts";
import { useLive } from "./live.tsx";

interface Done {
  readonly step: string;
  readonly says: string;
}

/** The steps of a reset, each by itself; it asks again before it does them (CAT-115). */
export function ResetPage() {
  const { refresh } = useLive();
  const [steps, setSteps] = useState<Readonly<Record<string, string>>>();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [isAsking, setAsking] = useState(false);
  const [done, setDone] = useState<readonly Done[]>([]);
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    asked<Record<string, string>>("GET", "reset").then(setSteps, setError);
  }, []);
  const toggle = (step: string) => setChosen(withOther(chosen, step));
  const act = async () => {
    setDone(await asked<Done[]>("POST", "reset", { steps: [...chosen] }));
    setChosen(new Set());
    refresh();
  };
  return (
    <>
      <Heading title="Reset" />
      {error !== undefined && <ProblemNote error={error} />}
      {!steps && error === undefined && <Loading what="the steps" />}
      {steps && (
        <fieldset className="sheet max-w-2xl p-4">
          <legend className="sr-only">Steps</legend>
          {Object.entries(steps).map(([step, does]) => (
            <label key={step} className="mt-1 flex items-start gap-2">
              <input type="checkbox" className="mt-1" checked={chosen.has(step)} onChange={() => toggle(step)} />
              {does}
            </label>
          ))}
          <p className="my-3 text-soft">
            A worker that runs is stopped for it. Tasks, their output, logs and history stay.
          </p>
          <button
            type="button"
            className="button button-bad"
            disabled={chosen.size === 0}
            onClick={() => setAsking(true)}
          >
            Reset…
          </button>
        </fieldset>
      )}
      <div role="status" className="mt-3">
        {done.map(({ step, says }) => (
          <p key={step}>{says}</p>
        ))}
      </div>
      {isAsking && steps && (
        <Confirm title="Reset this worker?" button="Reset it" act={act} close={() => setAsking(false)}>
          {`${[...chosen].map((step) => steps[step]).join("; ")}. This cannot be taken back.`}
        </Confirm>
      )}
    </>
  );
}

/** The same, with or without one. */
function withOther(chosen: ReadonlySet<string>, step: string): ReadonlySet<string> {
  const rest = [...chosen].filter((each) => each !== step);
  return new Set(rest.length === chosen.size ? [...rest, step] : rest);
}
