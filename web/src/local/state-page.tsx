import { type ReactNode, useState } from "react";
import type { SwitchName, WorkerStatus } from "./shapes.ts";
import { Badge } from "../parts/badge.tsx";
import { Loading } from "../parts/empty.tsx";
import { Heading } from "../parts/heading.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { asked, askWorker, type LocalState } from "./api.ts";
import { JoiningNote } from "./joining-note.tsx";
import { useLive } from "./live.tsx";

/** How the worker is, why, what to do next, and its three switches. */
export function StatePage() {
  const { state, error, refresh } = useLive();
  return (
    <>
      <Heading title="State" />
      <JoiningNote />
      {!state && error === undefined && <Loading what="the state" />}
      {state && (
        <div>
          <Facts state={state} />
          <Acts runs={state.runs} refresh={refresh} />
          {state.runs && <Switches states={state.status.switches} refresh={refresh} />}
        </div>
      )}
    </>
  );
}

function Facts({ state }: { readonly state: LocalState }) {
  const status: Partial<WorkerStatus> = state.runs ? state.status : {};
  const word = state.runs ? state.status.state : (state.state ?? "unknown");
  const isWell = state.runs && status.reason === undefined && word !== "misconfigured";
  return (
    <dl className="sheet grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 p-4">
      <Fact name="Service">
        <Badge tone={isWell ? "ok" : state.runs ? "warn" : "quiet"} icon={state.runs ? "ok" : "stopped"}>
          {state.runs ? "runs" : "does not run"}
        </Badge>
      </Fact>
      <Fact name="State">{word}</Fact>
      <Fact name="Reason">{state.runs ? status.reason : state.reason}</Fact>
      <Fact name="Next step">{state.runs ? status.nextStep : state.nextStep}</Fact>
      <Fact name="Mode">{state.mode}</Fact>
      <Fact name="Name">{status.name}</Fact>
      <Fact name="Node">{status.nodeId}</Fact>
      <Fact name="Version">{status.version}</Fact>
      <Fact name="Settings">{status.settingsFile}</Fact>
      <Fact name="Password">{status.passwordSet === undefined ? undefined : status.passwordSet ? "set" : "none"}</Fact>
      <Fact name="Waits for a restart">{status.pending?.map(({ key }) => key).join(", ")}</Fact>
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  if (children === undefined || children === "") return null;
  return (
    <>
      <dt className="text-soft">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}

function Acts({ runs, refresh }: { readonly runs: boolean; readonly refresh: () => void }) {
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const act = async (work: () => Promise<unknown>) => {
    setBusy(true);
    setError(undefined);
    await work().catch(setError);
    setBusy(false);
    refresh();
  };
  const button = (name: string, work: () => Promise<unknown>) => (
    <button type="button" className="button" disabled={isBusy} onClick={() => void act(work)}>
      {name}
    </button>
  );
  return (
    <div className="my-4 flex flex-col gap-3">
      <div className="flex flex-wrap gap-2">
        {!runs && button("Start", () => asked("POST", "start", {}))}
        {runs && button("Restart", () => askWorker("worker.restart"))}
        {runs && button("Stop", () => askWorker("worker.stop"))}
      </div>
      {error !== undefined && <ProblemNote error={error} />}
    </div>
  );
}

const switches: readonly (readonly [SwitchName, string])[] = [
  ["watchers", "scan folders and add tasks"],
  ["monitors", "ask the server for work and add tasks"],
  ["workers", "take tasks off the list; what runs goes on to its end"],
];

function Switches({ states, refresh }: { readonly states: WorkerStatus["switches"]; readonly refresh: () => void }) {
  const [error, setError] = useState<unknown>();
  const turn = async (name: SwitchName) => {
    setError(undefined);
    await askWorker("worker.switches.set", { [name]: !states[name] }).catch(setError);
    refresh();
  };
  return (
    <section aria-labelledby="switches" className="sheet p-4">
      <h2 id="switches">Switches</h2>
      {switches.map(([name, does]) => (
        <label key={name} className="mt-2 flex items-start gap-2">
          <input type="checkbox" className="mt-1" checked={states[name]} onChange={() => void turn(name)} />
          <span>
            <span className="font-medium">{name}</span> <span className="text-soft">{does}</span>
          </span>
        </label>
      ))}
      {error !== undefined && (
        <div className="mt-3">
          <ProblemNote error={error} />
        </div>
      )}
    </section>
  );
}
