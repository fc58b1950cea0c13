import type { WorkerConfiguration, WorkerView } from "#server/wire";
import {
  checkWorkerConfig,
  compareWorkerConfig,
  readWorkerConfiguration,
  writeWorkerConfig,
} from "../../../api/worker-configuration.ts";
import { Editing } from "../../configurations/editing.tsx";

interface EditOwnProps {
  readonly worker: WorkerView;
  readonly told: NonNullable<WorkerConfiguration["told"]>;
  readonly done: () => void;
}

/** The configuration that a worker keeps in a file of its own, edited through its service (CAT-71). */
export function EditOwn({ worker, told, done }: EditOwnProps) {
  const again = async () => {
    const { told: now, why } = await readWorkerConfiguration(worker.id, new AbortController().signal);
    if (!now) throw new Error(`${worker.name} could not be asked: ${why ?? "it did not answer"}`);
    return now;
  };
  return (
    <section aria-label="Edit its own configuration" className="flex flex-col gap-3">
      <h2>Its own configuration, edited through its service</h2>
      <Editing
        label={`Own configuration of ${worker.name}`}
        read={told}
        again={again}
        check={(text, signal) => checkWorkerConfig(worker.id, text, signal)}
        write={async ({ document, ifMatch, comment }) => {
          await writeWorkerConfig(worker.id, { document, ifMatch, comment });
        }}
        differences={(_error, { document, ifMatch }) => compareWorkerConfig(worker.id, document, ifMatch)}
        hasStages={false}
        done={done}
        leave={done}
      />
    </section>
  );
}
