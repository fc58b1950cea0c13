import { useState } from "react";
import type { WorkerView } from "#server/wire";
import type { ToolName } from "#tools/wire";
import { useLive } from "../../live/live.tsx";
import { whyNotRun, whyNotTool } from "../../parts/may.ts";

interface WorkerChoiceProps {
  /** undefined: a command. */
  readonly tool?: ToolName;
  readonly several: boolean;
  readonly chosen: readonly string[];
  readonly change: (workers: readonly string[]) => void;
}

/** Of more workers than these one wants to find some. */
const fewWorkers = 3;

/** Which workers are to look: those that take orders now. */
export function WorkerChoice({ tool, several, chosen, change }: WorkerChoiceProps) {
  const { workers } = useLive();
  const [wanted, setWanted] = useState("");
  const able = workers
    .filter((worker) => (tool === undefined ? whyNotRun(worker) : whyNotTool(worker, tool)) === undefined)
    .sort((a, b) => a.name.localeCompare(b.name));
  const found = able.filter((worker) => fits(worker, wanted)).map(({ name }) => name);
  if (able.length === 0)
    return (
      <p>
        No worker that you may use offers this now. Its configuration opens it (
        <code className="mono">{tool === undefined ? "workTypes" : "tools"}</code>).
      </p>
    );
  const toggle = (name: string) =>
    change(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  return (
    <fieldset className="flex flex-col gap-1">
      <legend className="mb-1 font-medium">{several ? "From workers" : "On worker"}</legend>
      {able.length > fewWorkers && (
        <div className="mb-1 flex gap-2">
          <input
            aria-label="Find workers"
            placeholder="name or label"
            className="field"
            value={wanted}
            onChange={({ target }) => setWanted(target.value)}
          />
          {several && (
            <button
              type="button"
              className="button"
              disabled={found.length === 0}
              onClick={() => change([...new Set([...chosen, ...found])])}
            >
              Choose these
            </button>
          )}
        </div>
      )}
      <div className="flex max-h-40 flex-col gap-1 overflow-auto">
        {found.map((name) => (
          <label key={name} className="flex items-center gap-2">
            <input
              type={several ? "checkbox" : "radio"}
              name="worker"
              checked={chosen.includes(name)}
              onChange={() => (several ? toggle(name) : change([name]))}
            />
            {name}
          </label>
        ))}
      </div>
      {several && chosen.length > 0 && <p className="text-soft">{chosen.length} chosen</p>}
    </fieldset>
  );
}

/** By a part of its name, or of a label as `region=eu`. */
function fits({ name, labels }: WorkerView, wanted: string): boolean {
  const text = wanted.trim().toLowerCase();
  const all = [name, ...Object.entries(labels).map(([label, value]) => `${label}=${value}`)];
  return all.some((one) => one.toLowerCase().includes(text));
}
