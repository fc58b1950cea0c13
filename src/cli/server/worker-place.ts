import { oneLine } from "../quantities.ts";
import type { WorkersApi } from "./workers-api.ts";
import { callWorker } from "./call-worker.ts";
import { type ConfigPlace, secretsNote } from "./place.ts";
import { valueText } from "./config-yaml.ts";
import { listed, numberOf, objectIn, type Shape, stringOf } from "./shapes.ts";

/** The configuration that a worker keeps in a file of its own, edited through its service (CAT-71, CAT-78). */
export function workerPlace(api: WorkersApi, worker: string, path: string): ConfigPlace {
  const call = (method: string, params?: object): Promise<unknown> => callWorker(api, worker, method, params);
  return {
    kind: "worker",
    name: worker,
    what: `worker ${oneLine(worker)}'s own configuration, ${oneLine(path)} there`,
    async read() {
      const whole = objectIn(await call("config.get"));
      return { version: numberOf(whole["version"]) ?? 0, document: objectIn(whole["document"]), whole };
    },
    async notes() {
      const got = objectIn(await call("config.get"));
      const { values } = objectIn(await call("config.effective"));
      return [...waitingNote(got), ...faultNotes(got), ...fixedNotes(listed(values)), secretsNote];
    },
    async put({ document, ifMatch, comment }) {
      return objectIn(await call("config.put", { document, ifMatch, ...(comment !== undefined && { comment }) }));
    },
    async differences(_error, { document, ifMatch }) {
      return listed(objectIn(await call("config.compare", { document, base: ifMatch }))["changes"]);
    },
  };
}

/** Values that the environment of the service decides: writing them has no effect (CAT-8). */
export function fixedNotes(values: readonly Shape[]): string[] {
  return values.flatMap(({ path, value, fixed }) =>
    typeof fixed === "string" ? [`read-only: ${stringOf(path) ?? ""} is ${valueText(value)}; ${fixed}`] : [],
  );
}

function faultNotes({ faults }: Shape): string[] {
  return listed(faults).map(({ path, reason }) => `wrong now: ${stringOf(path) ?? ""}: ${stringOf(reason) ?? ""}`);
}

function waitingNote({ provisional }: Shape): string[] {
  if (typeof provisional !== "object" || provisional === null) return [];
  const { version, by, back } = objectIn(provisional);
  return [`version ${String(version)}, by ${String(by)}, waits to be confirmed; else version ${String(back)} returns`];
}
