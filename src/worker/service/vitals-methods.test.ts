import { expect, test } from "vitest";
import { silentLog } from "#core";
import { dispatch, methodTable, workerVitals, type WorkerVitals } from "#fleet";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { vitalsMethods } from "./vitals-methods.ts";

const looker = { name: "eva", level: "monitor", carrier: "socket" } as const;

/** `worker.vitals` as its desk answers it: what does not fit its schema is a fault. */
async function vitalsOf(methods: ReturnType<typeof vitalsMethods>): Promise<WorkerVitals> {
  const asked = { id: "1", method: "worker.vitals", params: {}, signal: new AbortController().signal };
  const outcome = await dispatch(methodTable(methods), asked, looker, silentLog);
  if (!("result" in outcome)) throw new Error(outcome.fault.message);
  expect(workerVitals.result.safeParse(outcome.result).success).toBe(true);
  return outcome.result as WorkerVitals;
}

test("worker.vitals measures the machine and the service; without a server there is no heartbeat", async () => {
  await using folder = await tempFolder();
  const vitals = await vitalsOf(vitalsMethods(folder.path, () => undefined));
  expect(vitals.heartbeat).toBeNull();
  expect(vitals.memoryUsedBytes).toBeLessThanOrEqual(vitals.memoryTotalBytes);
  expect(vitals.ownMemoryBytes).toBeGreaterThan(1024 * 1024);
  expect(vitals.diskFreeBytes).toBeLessThanOrEqual(vitals.diskTotalBytes ?? 0);
});

test("worker.vitals tells the last heartbeat that was answered, as it is when it is asked", async () => {
  await using folder = await tempFolder();
  let answeredAgoMs = 10;
  const methods = vitalsMethods(folder.path, () => ({ answeredAgoMs, responseTimeMs: 2.5, everyMs: 5_000 }));
  expect((await vitalsOf(methods)).heartbeat).toEqual({ answeredAgoMs: 10, responseTimeMs: 2.5, everyMs: 5_000 });
  answeredAgoMs = 20_000;
  expect((await vitalsOf(methods)).heartbeat?.answeredAgoMs).toBe(20_000);
});

test("worker.vitals looks at the machine once a second at most, however many ask", async () => {
  await using folder = await tempFolder();
  let elapsed = 0;
  const methods = vitalsMethods(folder.path, () => undefined, { elapsed: () => elapsed });
  const first = await vitalsOf(methods);
  elapsed = 999;
  expect((await vitalsOf(methods)).memoryUsedBytes).toBe(first.memoryUsedBytes);
});

test("worker.vitals tells nothing of a disk that is not there", async () => {
  expect((await vitalsOf(vitalsMethods("/nonexistent/farhand", () => undefined))).diskFreeBytes).toBeNull();
});
