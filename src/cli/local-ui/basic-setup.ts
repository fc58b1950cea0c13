import { isJsonObject, type JsonObject, silentLog } from "#core";
import { decodeEnrolmentToken, readEntitlement } from "#fleet";
import { loadService } from "#worker";
import { runType } from "../join-worker.ts";
import { openPlace } from "../worker-edit.ts";
import { startWorker, stopWorker } from "./local-service.ts";
import type { LocalWorker } from "./local-worker.ts";

/** Joining may take so long, milliseconds. */
const joinMs = 60_000;
const minPasswordChars = 12;

const fields = ["server", "name", "token", "entitlement", "password"] as const;
type SetupField = (typeof fields)[number];
/** What the form has; empty is: leave it as it is. */
type SetupWish = Readonly<Record<SetupField, string>>;

/** A field that cannot be used: which, why, and what to do. */
export interface SetupFault {
  readonly field: SetupField;
  readonly message: string;
}

/** What came of it: faults, and then nothing was done; else what was done. */
export type SetupOutcome = { readonly faults: readonly SetupFault[] } | { readonly done: readonly string[] };

/** Basic Setup (CAT-108): every field is looked at before anything is done. @throws what the worker or its server says. */
export async function basicSetup(worker: LocalWorker, given: JsonObject): Promise<SetupOutcome> {
  const wish = wishIn(given);
  const faults = faultsOf(wish);
  if (faults.length > 0) return { faults };
  const done: string[] = [];
  const { server, token, name, entitlement, password } = wish;
  if (token !== "") {
    done.push(await joinedWhenStopped(worker, wish));
  }
  if (entitlement !== "" || (token === "" && (name !== "" || server !== "")) || !(await hasDocument(worker)))
    done.push(await written(worker, token === "" ? wish : { ...wish, name: "", server: "" }));
  if (token === "" && server !== "") await stopWorker(worker);
  if (!(await worker.answers())) {
    await startWorker(worker);
    done.push("the worker runs");
  }
  if (password !== "") {
    await worker.ask("password.set", { password });
    done.push("the service password is set");
  }
  return { done };
}

function wishIn(given: JsonObject): SetupWish {
  const texts = fields.map((field) => [field, typeof given[field] === "string" ? given[field] : ""] as const);
  // A password may begin or end with a space.
  return Object.fromEntries(texts.map(([name, text]) => [name, name === "password" ? text : text.trim()])) as SetupWish;
}

/** All of them at once, so that nobody mends one after the other. */
export function faultsOf({ server, name, token, entitlement, password }: SetupWish): SetupFault[] {
  const faults: SetupFault[] = [];
  const fault = (field: SetupField, message: string): void => void faults.push({ field, message });
  if (server !== "" && !isServerUrl(server)) fault("server", "this is no address: write https://HOST:PORT");
  if (server === "" && token !== "") fault("server", "a token needs its server: write https://HOST:PORT");
  if (name.length > 255) fault("name", "a name has 255 characters at most");
  if (token !== "" && !reads(() => decodeEnrolmentToken(token)))
    fault("token", "this is no enrolment token: copy all of it, from fh1. to its end");
  if (entitlement !== "" && !reads(() => readEntitlement(entitlement)))
    fault("entitlement", "this is no entitlement: copy all of it, from fhe1. to its end");
  if (password !== "" && password.length < minPasswordChars)
    fault("password", `it is too short: ${minPasswordChars} characters at least`);
  return faults;
}

function isServerUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === "https:" && url.username === "" && url.search === "" && url.hash === "";
}

function reads(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

/** A worker that ran and was not taken runs again: nobody is left without it over a wrong token. */
async function joinedWhenStopped(worker: LocalWorker, wish: SetupWish): Promise<string> {
  const ran = await worker.answers();
  await stopWorker(worker);
  try {
    return await joined(worker, wish);
  } catch (error) {
    if (ran) await startWorker(worker);
    throw error;
  }
}

async function joined({ mode, env }: LocalWorker, { server, token, name }: SetupWish): Promise<string> {
  const { joinServer } = await loadService();
  const { name: known, serverUrl } = await joinServer({
    ...{ serverUrl: server.replace(/\/+$/, ""), token, mode, workTypes: [runType], log: silentLog },
    ...(name !== "" && { name }),
    env: { ...env },
    signal: AbortSignal.timeout(joinMs),
  });
  return `this machine is ${known} now, a worker of ${serverUrl}`;
}

async function hasDocument(worker: LocalWorker): Promise<boolean> {
  const place = await openPlace({ ...worker.options }, worker.env);
  await place.close();
  return place.got.version > 0;
}

async function written(worker: LocalWorker, { server, name, entitlement }: SetupWish): Promise<string> {
  const place = await openPlace({ ...worker.options, comment: "Basic Setup" }, worker.env);
  try {
    const { document } = place.got;
    const part = (key: string): JsonObject => (isJsonObject(document[key]) ? document[key] : {});
    const { version } = await place.put({
      ...document,
      ...(server !== "" && { server: { ...part("server"), urls: [server] } }),
      ...(name !== "" && { identity: { ...part("identity"), name } }),
      ...(entitlement !== "" && { entitlement }),
    });
    return `version ${version} of the configuration is written`;
  } finally {
    await place.close();
  }
}
