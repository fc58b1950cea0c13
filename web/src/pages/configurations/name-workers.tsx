import { useQueryClient } from "@tanstack/react-query";
import type { WorkerView } from "#server/wire";
import { setLabels } from "../../api/worker-configuration.ts";
import { useLive } from "../../live/live.tsx";
import { WorkerBadge } from "../../parts/badge.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Form } from "../../parts/form.tsx";
import { includes } from "../../parts/may.ts";
import { configLabel } from "../worker/configuration/edit-place.ts";

/** Workers that can be given a configuration: they take it from the server, and whoever looks is their admin. */
const isNameable = ({ mode, level }: WorkerView): boolean => mode === "cloud" && includes(level, "admin");

/** Which workers a configuration is for; it is written into their labels. */
export function NameWorkers({ name, close }: { readonly name: string; readonly close: () => void }) {
  const { workers } = useLive();
  const queries = useQueryClient();
  const nameable = workers.filter(isNameable);
  const save = async (fields: FormData) => {
    const chosen = new Set(fields.getAll("worker"));
    for (const worker of nameable) await give(worker, name, chosen.has(worker.id));
    await queries.invalidateQueries({ queryKey: ["config", name] });
    await queries.invalidateQueries({ queryKey: ["configs"] });
    close();
  };
  return (
    <Dialog title={`Workers of ${name}`} close={close}>
      <Form
        button="Keep it"
        submit={save}
        more={
          <button type="button" className="button" onClick={close}>
            Not now
          </button>
        }
      >
        <p>They are given all of it, its secrets too. Only workers of the type “cloud” take one from the server.</p>
        {nameable.length === 0 && <p className="font-medium">There is no such worker of which you are an admin.</p>}
        <ul className="max-h-72 divide-y divide-line overflow-y-auto">
          {nameable.map((worker) => (
            <Choice key={worker.id} worker={worker} name={name} />
          ))}
        </ul>
      </Form>
    </Dialog>
  );
}

function Choice({ worker, name }: { readonly worker: WorkerView; readonly name: string }) {
  const now = worker.labels[configLabel];
  return (
    <li>
      <label className="flex flex-wrap items-center gap-3 py-1.5">
        <input type="checkbox" name="worker" value={worker.id} defaultChecked={now === name} />
        <span className="font-medium break-all">{worker.name}</span>
        <WorkerBadge state={worker.state} />
        {now !== undefined && now !== name && <span className="text-soft">goes by {now} now</span>}
      </label>
    </li>
  );
}

/** Its other labels stay. */
async function give(worker: WorkerView, name: string, isWanted: boolean): Promise<void> {
  const { [configLabel]: now, ...others } = worker.labels;
  if (isWanted === (now === name)) return;
  await setLabels(worker.id, isWanted ? { ...others, [configLabel]: name } : others);
}
