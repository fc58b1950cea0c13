import type { ToolName } from "#tools/wire";
import { useLive } from "../../live/live.tsx";
import { whyNotTool } from "../../parts/may.ts";

interface WorkerChoiceProps {
  readonly tool: ToolName;
  readonly several: boolean;
  readonly chosen: readonly string[];
  readonly change: (workers: readonly string[]) => void;
}

/** Which workers are to look: those that take orders now. */
export function WorkerChoice({ tool, several, chosen, change }: WorkerChoiceProps) {
  const { workers } = useLive();
  const able = workers
    .filter((worker) => whyNotTool(worker, tool) === undefined)
    .map(({ name }) => name)
    .sort();
  if (able.length === 0)
    return (
      <p>
        No worker that you may use offers this tool now. Its configuration opens it (<code className="mono">tools</code>
        ).
      </p>
    );
  const toggle = (name: string) =>
    change(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  return (
    <fieldset className="flex flex-col gap-1">
      <legend className="mb-1 font-medium">{several ? "From workers" : "On worker"}</legend>
      <div className="flex max-h-40 flex-col gap-1 overflow-auto">
        {able.map((name) => (
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
    </fieldset>
  );
}
