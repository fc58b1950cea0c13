import { configLabel, type Labels } from "../registry/labels.ts";
import { othersTurn } from "../registry/others-turn.ts";
import { type Worker, workerOf } from "../registry/worker.ts";
import type { Store } from "../store/store.ts";
import { workersWithText } from "../store/config-outcomes.ts";

const readAtOnce = 500;

/** The workers that a configuration is for, in the order of their names: an administrator has labelled them so (CAT-77). */
export async function usersOfConfig(store: Store, name: string): Promise<Worker[]> {
  const workers: Worker[] = [];
  // As JSON writes it.
  for await (const worker of labelled(store, `${JSON.stringify(configLabel)}:${JSON.stringify(name)}`))
    if (worker.labels[configLabel] === name) workers.push(worker);
  return workers;
}

/** All workers that go by a configuration, by its name: for whoever asks about many, in one go. */
export async function usersByConfig(store: Store): Promise<ReadonlyMap<string, readonly Worker[]>> {
  const users = new Map<string, Worker[]>();
  for await (const worker of labelled(store, `${JSON.stringify(configLabel)}:`)) {
    const name = worker.labels[configLabel];
    if (name === undefined) continue;
    const known = users.get(name);
    if (known) known.push(worker);
    else users.set(name, [worker]);
  }
  return users;
}

/** Their labels alone, by which it is decided who may see what. */
export async function userLabelsByConfig(store: Store): Promise<ReadonlyMap<string, readonly Labels[]>> {
  const users = await usersByConfig(store);
  return new Map([...users].map(([name, workers]) => [name, workers.map(({ labels }) => labels)]));
}

async function* labelled({ db }: Store, text: string): AsyncGenerator<Worker> {
  for (let after = ""; ; ) {
    const rows = await workersWithText(db, text, after, readAtOnce);
    yield* rows.map(workerOf);
    const last = rows.at(-1);
    if (last === undefined || rows.length < readAtOnce) return;
    after = last.name;
    await othersTurn();
  }
}
