/** Submits units, each over its own connection, and waits until the list shows all of them final. */
import { setTimeout as sleep } from "node:timers/promises";
import { listUnits, submitUnit } from "../kit/control.mjs";
import { answerWith } from "../kit/load.mjs";

const isFinal = ({ State }) => State >= 2 && State <= 4;

answerWith(async ({ socket, workType, count, concurrency }) => {
  const ids = [];
  let left = count;
  const submit = async () => {
    while (left-- > 0) ids.push(await submitUnit(socket, workType));
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: concurrency }, submit));
  for (;;) {
    const units = await listUnits(socket);
    if (ids.every((id) => isFinal(units[id]))) break;
    await sleep(5);
  }
  return { ms: performance.now() - start };
});
