import { isJsonObject, type JsonObject, silentLog, timeLimit } from "#core";
import { decodeEnrolmentToken, readEntitlement } from "#fleet";
import { loadService } from "#worker";
import { runType } from "../join-worker.ts";
import { readableText } from "./readable-text.ts";
import type { Waiting } from "./joining.ts";
import { openPlace } from "../worker-edit.ts";
import { startWorker, stopWorker } from "./local-service.ts";
import type { LocalWorker } from "./local-worker.ts";

/** Joining with a token may take so long, milliseconds; a person takes their time. */
const joinMs = 60_000;
const minPasswordChars = 12;

const fields = ["server", "ca", "pin", "name", "token", "entitlement", "password"] as const;
type SetupField = (typeof fields)[number];
/** What the form has; empty is: leave it as it is. */
type SetupWish = Readonly<Record<SetupField, string>>;

/** A field that cannot be used: which, why, and what to do. */
export interface SetupFault {
  readonly field: SetupField;
  readonly message: string;
}

/** What came of it: faults, and then nothing was done; what was done; or a person at the server has to let it in first. */
export type SetupOutcome =
  | { readonly faults: readonly SetupFault[] }
  | { readonly done: readonly string[] }
  | { readonly waiting: Waiting };

/** Basic Setup (CAT-108): every field is looked at before anything is done. @throws what the worker or its server says. */
export async function basicSetup(worker: LocalWorker, given: JsonObject): Promise<SetupOutcome> {
  const wish = wishIn(given);
  const faults = faultsOf(wish);
  if (faults.length > 0) return { faults };
  const { server, token } = wish;
  const isNew = server !== "" && (token !== "" || !(await worker.isMember()));
  if (!isNew) return { done: await rest(worker, wish, []) };
  const came = await worker.joining.begin(server, async (waiting, signal) =>
    rest(worker, { ...wish, name: "", server: "" }, [await joinedWhenStopped(worker, wish, waiting, signal)]),
  );
  return "fingerprint" in came ? { waiting: came } : { done: came };
}

/** All but joining. @param done what was done before. */
async function rest(worker: LocalWorker, wish: SetupWish, done: readonly string[]): Promise<string[]> {
  const { server, name, entitlement, password } = wish;
  const all = [...done];
  // The configuration of a system worker is read and written through its service (CAT-30).
  if (worker.mode === "system") await started(worker, all);
  if (entitlement !== "" || name !== "" || server !== "" || !(await hasDocument(worker)))
    all.push(await written(worker, wish));
  if (server !== "") await stopWorker(worker);
  await started(worker, all);
  if (password !== "") {
    await worker.ask("password.set", { password });
    all.push("the service password is set");
  }
  return all;
}

async function started(worker: LocalWorker, done: string[]): Promise<void> {
  if (await worker.answers()) return;
  await startWorker(worker);
  done.push("the worker runs");
}

function wishIn(given: JsonObject): SetupWish {
  const texts = fields.map((field) => [field, typeof given[field] === "string" ? given[field] : ""] as const);
  // A password may begin or end with a space.
  return Object.fromEntries(texts.map(([name, text]) => [name, name === "password" ? text : text.trim()])) as SetupWish;
}

/** All of them at once, so that nobody mends one after the other. */
export function faultsOf({ server, ca, pin, name, token, entitlement, password }: SetupWish): SetupFault[] {
  const faults: SetupFault[] = [];
  const fault = (field: SetupField, message: string): void => void faults.push({ field, message });
  if (server !== "" && !isServerUrl(server)) fault("server", "this is no address: write https://HOST:PORT");
  if (server === "" && token !== "") fault("server", "a token needs its server: write https://HOST:PORT");
  if (ca !== "" && !readableText(ca)?.includes("BEGIN CERTIFICATE"))
    fault("ca", "there are no certificates in PEM at this place of this machine that can be read");
  if (pin !== "" && !/^([0-9a-f]{2}:?){32}$/i.test(pin))
    fault("pin", "this is no SHA-256: 64 hexadecimal digits, as the server's administrator has it");
  for (const field of ["ca", "pin"] as const)
    if (server === "" && { ca, pin }[field] !== "") fault(field, "it is about a server: name that too");
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
async function joinedWhenStopped(
  worker: LocalWorker,
  wish: SetupWish,
  waiting: (fingerprint: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const ran = await worker.answers();
  await stopWorker(worker);
  try {
    return await joined(worker, wish, waiting, signal);
  } catch (error) {
    if (ran) await startWorker(worker);
    throw error;
  }
}

async function joined(
  { mode, env }: LocalWorker,
  { server, ca, pin, token, name }: SetupWish,
  waiting: (fingerprint: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const { joinServer } = await loadService();
  const { name: known, serverUrl } = await joinServer({
    ...{ serverUrl: server.replace(/\/+$/, ""), mode, waiting, workTypes: [runType], log: silentLog },
    ...(token !== "" && { token }),
    ...(name !== "" && { name }),
    ...(ca !== "" && { ca: readableText(ca) }),
    ...(pin !== "" && { pin: plainPin(pin) }),
    env: { ...env },
    signal: token === "" ? signal : timeLimit(joinMs, signal),
  });
  return `this machine is ${known} now, a worker of ${serverUrl}`;
}

const plainPin = (pin: string): string => pin.replaceAll(":", "").toLowerCase();

async function hasDocument(worker: LocalWorker): Promise<boolean> {
  const place = await openPlace({ ...worker.options }, worker.env);
  await place.close();
  return place.got.version > 0;
}

async function written(worker: LocalWorker, { server, ca, pin, name, entitlement }: SetupWish): Promise<string> {
  const place = await openPlace({ ...worker.options, comment: "Basic Setup" }, worker.env);
  try {
    const { document } = place.got;
    const part = (key: string): JsonObject => (isJsonObject(document[key]) ? document[key] : {});
    const { version } = await place.put({
      ...document,
      ...(server !== "" && {
        server: {
          ...part("server"),
          urls: [server],
          ...(ca !== "" && { caFile: ca }),
          ...(pin !== "" && { pin: plainPin(pin) }),
        },
      }),
      ...(name !== "" && { identity: { ...part("identity"), name } }),
      ...(entitlement !== "" && { entitlement }),
    });
    return `version ${version} of the configuration is written`;
  } finally {
    await place.close();
  }
}
