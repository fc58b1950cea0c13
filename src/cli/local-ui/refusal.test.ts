import { expect, test } from "vitest";
import { managedWorker, type ManagedWorker, servicePassword, socketClient } from "../../../test/kit/managed-worker.ts";
import { CliError } from "../errors.ts";
import { askWorker } from "../worker-socket.ts";
import { type LocalProblem, localProblem } from "./refusal.ts";

/** What a page is told of something that a worker refuses. */
async function refusedBy(worker: ManagedWorker, method: string, params = {}): Promise<LocalProblem> {
  const asked = askWorker({ socket: worker.socket }, {}, method, params);
  return localProblem(
    await asked.then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
}

test("CAT-111: what the socket alone does not give says what, which rule, who can change it, and what to try", async () => {
  await using worker = await managedWorker({ rules: { requirePasswordLocally: true } });
  using local = await socketClient(worker.socket);
  await local.call("password.set", { password: servicePassword });
  expect(await refusedBy(worker, "worker.stop")).toEqual({
    ...{ type: "about:blank", title: "Forbidden", status: 403, code: "LEVEL_TOO_LOW", rule: "CAT-24" },
    detail: expect.stringContaining("worker.stop was refused (CAT-24)") as string,
    change: expect.stringMatching(/^you, by showing the service password; an admin/) as string,
    remedy: expect.stringContaining("--password-file FILE") as string,
  });
});

test.each<[string, object, Partial<LocalProblem>, RegExp]>([
  ["units.cancel", { unit: "nothere1" }, { status: 404, code: "UNIT_NOT_FOUND" }, /the page Tasks shows/],
  ["password.set", { password: "short" }, { status: 400, code: "PASSWORD_UNFIT" }, /characters/],
  ["worker.switches.set", { workers: 1 }, { status: 400, code: "PARAMS_INVALID" }, /./],
])("CAT-111: what a worker itself answers to %s %j comes with what helps", async (method, params, told, remedy) => {
  await using worker = await managedWorker();
  const problem = await refusedBy(worker, method, params);
  expect(problem).toMatchObject(told);
  expect(problem.remedy).toMatch(remedy);
});

test.each<[CliError, Partial<LocalProblem>]>([
  [
    new CliError("LOCAL_CODE", "no"),
    { status: 401, rule: "CAT-22", remedy: expect.stringContaining("new code") as string },
  ],
  [
    new CliError("LOCAL_REFUSED", "no"),
    { status: 403, rule: "CAT-19", change: expect.stringMatching(/^nobody/) as string },
  ],
  [
    new CliError("WORKER_DENIED", "may not"),
    {
      ...{ status: 403, rule: "CAT-23", change: expect.stringMatching(/^root, by adding you/) as string },
      remedy: expect.stringContaining("workeradmin") as string,
    },
  ],
  [
    new CliError("WORKER_SILENT", "silent (CAT-30: through its service)", { remedy: "start the service" }),
    {
      rule: "CAT-30",
      change: expect.stringMatching(/by starting the service$/) as string,
      remedy: "start the service",
    },
  ],
])("CAT-111: what the pages themselves refuse: %s", (error, told) => {
  expect(localProblem(error)).toMatchObject(told);
});

test("what nobody foresaw is no refusal: it has no rule, and says where to look", () => {
  const problem = localProblem(new Error("disk on fire"));
  expect(problem).toMatchObject({ status: 500, code: "LOCAL_FAILED", detail: "disk on fire" });
  expect(problem).not.toHaveProperty("rule");
  expect(problem.remedy).toContain("Health");
});
