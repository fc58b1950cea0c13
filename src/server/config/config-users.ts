import { configLabel } from "../registry/labels.ts";
import { type Worker, workerOf } from "../registry/worker.ts";
import type { Store } from "../store/store.ts";
import { workersWithText } from "../store/config-outcomes.ts";

const readAtOnce = 500;

/** The workers that a configuration is for, in the order of their names: an administrator has labelled them so (CAT-77). */
export async function usersOfConfig({ db }: Store, name: string): Promise<Worker[]> {
  const workers: Worker[] = [];
  // As JSON writes it; what a name may hold needs no escape. `_` in it means any character there: looked at below.
  const text = `${JSON.stringify(configLabel)}:${JSON.stringify(name)}`;
  for (let after = ""; ; ) {
    const rows = await workersWithText(db, text, after, readAtOnce);
    workers.push(...rows.map(workerOf).filter(({ labels }) => labels[configLabel] === name));
    const last = rows.at(-1);
    if (last === undefined || rows.length < readAtOnce) return workers;
    after = last.name;
  }
}
