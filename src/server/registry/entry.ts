import { createHash, randomBytes } from "node:crypto";
import { isProof } from "#fleet";
import { ServerError } from "../errors.ts";
import { enrolmentUser, noteEnrolled } from "../store/enrolments.ts";
import type { EnrolmentTable, WorkerTable } from "../store/tables.ts";
import {
  type Database,
  findWorkerNamed,
  insertWorker,
  lockWorker,
  updateWorkerEntry,
  workerByKey,
  type WorkerEntry,
  workersOfMachine,
} from "../store/workers.ts";
import { useEnrolment } from "./enrolments.ts";
import { ownLabels, parseLabels } from "./labels.ts";
import type { RegistrationRequest } from "./registration.ts";
import { fitsPattern, nameChoices, workerName } from "./worker-names.ts";

/** Names with a number that are tried before one that is free for certain. */
const maxNumbered = 20;

/** One registration, as far as it is decided within a transaction. */
export interface Arrival {
  readonly db: Database;
  readonly request: RegistrationRequest;
  /** The address it came from. */
  readonly observed: string;
  readonly now: number;
  /** Whether an instance of this worker is connected, or about to be. */
  readonly isLive: (workerId: string) => boolean;
}

/** What a worker is let in with, the first time: a token, a service account, or a person's approval (CAT-33). */
export type Grant = Pick<EnrolmentTable, "id" | "name" | "labels" | "cloneable" | "may_replace">;

/** How it was decided: what became of whom. */
export interface Arrived {
  readonly row: WorkerTable;
  readonly how: "enrolled" | "returned" | "replaced" | "cloned";
}

/** A refusal that the worker it was about should know of. */
export class RegistrationRefused extends ServerError {
  readonly workerId: string;

  constructor(code: ConstructorParameters<typeof ServerError>[0], workerId: string, message: string) {
    super(code, message);
    this.workerId = workerId;
  }
}

/**
 * A worker that was here before: its key speaks for it (CAT-34).
 *
 * @throws {RegistrationRefused} REGISTRATION_REFUSED, WORKER_REMOVED, WORKER_DUPLICATE.
 */
export async function returning(arrival: Arrival, workerId: string): Promise<Arrived> {
  const { db, request } = arrival;
  const row = await lockWorker(db, workerId);
  if (!row) throw new ServerError("REGISTRATION_REFUSED", "this server does not know the worker: enrol it");
  // Whoever does not hold the key learns nothing else.
  if (row.public_key !== request.publicKey || !isSigned(request))
    throw new RegistrationRefused("REGISTRATION_REFUSED", row.id, "the key is not the one this worker is known by");
  if (row.state === "removed")
    throw new RegistrationRefused("WORKER_REMOVED", row.id, "this worker was removed: enrol it with a new token");
  if (row.instance !== request.instance && arrival.isLive(row.id)) return await cloned(arrival, row);
  return { row: await updateWorkerEntry(db, row.id, entryOf(arrival)), how: "returned" };
}

/**
 * A worker with a token (CAT-33).
 *
 * @throws {ServerError} ENROLMENT_REFUSED, MACHINE_KNOWN; the token is not used up then.
 */
export async function enrolling(arrival: Arrival, token: { id: string; secret: string }): Promise<Arrived> {
  const { db, request, now } = arrival;
  if (!isSigned(request)) throw new ServerError("REGISTRATION_REFUSED", "the registration is not signed with its key");
  // An answer that got lost on its way: the same worker asks again.
  const before = await enrolmentUser(db, token.id, createHash("sha256").update(token.secret).digest("hex"));
  if (before !== undefined && before.public_key === request.publicKey) return await returning(arrival, before.id);
  const enrolment = await useEnrolment(db, token, now);
  const arrived = await admitted(arrival, enrolment);
  await noteEnrolled(db, enrolment.id, arrived.row.id);
  return arrived;
}

/**
 * A worker that a person or a service account vouches for. The one that has been let in so before comes back by its key: its
 * answer may have got lost.
 *
 * @throws {ServerError} REGISTRATION_REFUSED, MACHINE_KNOWN; {RegistrationRefused} as {@link returning}.
 */
export async function vouchedFor(arrival: Arrival, grant: Grant): Promise<Arrived> {
  const { db, request } = arrival;
  if (!isSigned(request)) throw new ServerError("REGISTRATION_REFUSED", "the registration is not signed with its key");
  const before = await workerByKey(db, request.publicKey);
  return before ? await returning(arrival, before.id) : await admitted(arrival, grant);
}

async function admitted(arrival: Arrival, grant: Grant): Promise<Arrived> {
  const { db, request, now } = arrival;
  const name = nameFor(request, grant);
  const old = grant.cloneable === 1 ? await sameName(arrival, grant, name) : await sameMachine(arrival, grant);
  // Whoever takes a place takes what people have made of it, and has no say in it.
  const before = old ? parseLabels(old.labels) : ownLabels(request.labels);
  const labels = JSON.stringify({ ...before, ...parseLabels(grant.labels) });
  const entry = { ...entryOf(arrival), public_key: request.publicKey, labels };
  return old
    ? { row: await updateWorkerEntry(db, old.id, { ...entry, node: nodeOfItsOwn(old.name) }), how: "replaced" }
    : { row: await added(db, newRow(entry, grant, now), name), how: "enrolled" };
}

function isSigned(request: RegistrationRequest): boolean {
  const { nonce, workerId = "", instance, secret } = request;
  return isProof(request.signature, { nonce, workerId, instance, secret }, request.publicKey);
}

function nameFor(request: RegistrationRequest, { name }: Grant): string {
  const wanted = workerName(request.name);
  if (name === null) return wanted;
  if (!name.includes("*")) return name;
  if (fitsPattern(wanted, name)) return wanted;
  throw new ServerError("ENROLMENT_REFUSED", `the enrolment token is for names like ${name}, not for ${wanted}`);
}

/** A container that was started again without its folder: same name, same token, and the old one is gone (CAT-104). */
async function sameName({ db, isLive }: Arrival, { id }: Grant, name: string): Promise<WorkerTable | undefined> {
  const named = await findWorkerNamed(db, name);
  const row = named?.enrolment_id === id ? await lockWorker(db, named.id) : undefined;
  return row && row.state !== "removed" && !isLive(row.id) ? row : undefined;
}

/** An entry of the same machine whose place is to be taken (CAT-42): only when the token allows it and both agree. */
async function sameMachine(arrival: Arrival, grant: Grant): Promise<WorkerTable | undefined> {
  const { db, request, isLive } = arrival;
  // Of containers many share a machine, and nobody is there to be asked; who comes again is known by its name (CAT-104).
  const { sameMachine: wish = request.mode === "cloud" ? "add" : undefined } = request;
  if (wish === "add") return undefined;
  const known = (await workersOfMachine(db, request.machineId)).filter(({ id }) => !isLive(id));
  const newest = known.at(-1);
  if (!newest) return undefined;
  const names = known.map(({ name }) => name).join(", ");
  if (request.sameMachine !== "replace")
    throw new ServerError("MACHINE_KNOWN", `this machine is known as ${names}: replace that, or add another worker`);
  if (grant.may_replace !== 1)
    throw new ServerError(
      "MACHINE_KNOWN",
      `what lets it in does not allow it to replace ${names}: an enrolment token with --may-replace does`,
    );
  return await lockWorker(db, newest.id);
}

/** A second live instance (CAT-39): of a cloneable worker it becomes one of its own, otherwise it stays out. */
async function cloned(arrival: Arrival, row: WorkerTable): Promise<Arrived> {
  if (row.cloneable !== 1)
    throw new RegistrationRefused(
      "WORKER_DUPLICATE",
      row.id,
      `${row.name} is connected from ${row.observed_address ?? "?"}, and a second instance of it wants in from ${arrival.observed}`,
    );
  const fresh = {
    ...row,
    ...entryOf(arrival),
    id: newId(),
    epoch: 1,
    created_at: arrival.now,
    configured_address: null,
  };
  return { row: await added(arrival.db, fresh, row.name), how: "cloned" };
}

async function added(db: Database, row: WorkerTable, name: string): Promise<WorkerTable> {
  let tried = 0;
  for (const choice of nameChoices(name)) {
    const free = tried++ < maxNumbered ? choice : `${name.slice(0, 40)}-${row.id}`;
    // A node id belongs to one key for good: the certificate of whoever had it outlives its place here (decision 13).
    for (const node of [free, nodeOfItsOwn(free)]) {
      const named = { ...row, name: free, node };
      if (await insertWorker(db, named)) return named;
    }
  }
  throw new Error("unreachable: names do not end");
}

const nodeOfItsOwn = (name: string): string => `${name.slice(0, 40)}-${randomBytes(8).toString("hex")}`;

function newRow(entry: Omit<WorkerTable, keyof ReturnType<typeof fixed>>, grant: Grant, now: number) {
  return { ...entry, ...fixed(grant, now) };
}

/** What registrations after the first do not change. */
function fixed(grant: Grant, now: number) {
  return {
    id: newId(),
    name: "",
    node: "",
    epoch: 1,
    created_at: now,
    configured_address: null,
    cloneable: grant.cloneable,
    enrolment_id: grant.id,
  };
}

function entryOf({ request, observed, now }: Arrival): Omit<WorkerEntry, "node" | "public_key" | "labels"> {
  return {
    machine_id: request.machineId,
    instance: request.instance,
    mode: request.mode,
    version: request.version,
    reported_address: request.reportedAddress ?? null,
    observed_address: observed,
    state: "online",
    cause: "registered",
    state_since: now,
    seen_at: now,
  };
}

function newId(): string {
  return `w-${randomBytes(8).toString("hex")}`;
}
