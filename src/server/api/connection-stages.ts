import { isJsonObject, type Json } from "#core";

/** What is known of the way from the server to a worker. */
export interface ConnectionFacts {
  readonly name: string;
  readonly id: string;
  /** It is connected, as far as the server knows. */
  readonly isThere: boolean;
  /** Why the server has it in its state, in words. */
  readonly cause: string;
  /** Over what it is connected; undefined: not for whoever asks, or not to this server. */
  readonly road: string | undefined;
  /** Of its key; undefined: not for whoever asks. */
  readonly fingerprint: string | undefined;
  /** Why it did not answer; undefined: it did, or was not asked. */
  readonly refusal: { readonly code: string; readonly says: string; readonly byWorker: boolean } | undefined;
  /** Of whoever asks. */
  readonly role: string;
  readonly level: string;
  /** `/remoteAccess/roles` as it is in force there; undefined: it was not told. */
  readonly ownRoles: Json | undefined;
}

export interface ConnectionStage {
  readonly stage: "name" | "connection" | "key" | "assertion" | "role";
  readonly state: "fine" | "trouble" | "unknown";
  readonly says: string;
  readonly cure?: string;
  readonly who?: string;
}

const owner = "who keeps the worker's machine";
const notReached = "not reached";

/**
 * The stages of CAT-103 as they are here: a worker dials its server, so there is no address to resolve and no port to try.
 * What it dialled with is its connection, and it has shown its key before that counts. Pure.
 */
export function connectionStages(facts: ConnectionFacts): ConnectionStage[] {
  const { name, id } = facts;
  const known: ConnectionStage = { stage: "name", state: "fine", says: `${name} is known to this server as ${id}` };
  return [known, connected(facts), keyed(facts), ...answered(facts)];
}

function connected({ isThere, cause, road }: ConnectionFacts): ConnectionStage {
  if (isThere)
    return {
      stage: "connection",
      state: "fine",
      says: road === undefined ? "it has dialled in" : `it has dialled in: ${road}`,
    };
  return {
    ...{ stage: "connection", state: "trouble", says: `it is not connected: ${cause}` },
    cure: "start it there (`farhand worker start`), and look there with `farhand worker doctor` what keeps it from dialling",
    who: owner,
  };
}

function keyed({ isThere, fingerprint }: ConnectionFacts): ConnectionStage {
  if (!isThere) return { stage: "key", state: "unknown", says: notReached };
  const which = fingerprint === undefined ? "" : ` (${fingerprint})`;
  return { stage: "key", state: "fine", says: `it has proved the key it was registered with${which}` };
}

function answered({ isThere, refusal, role, level, ownRoles }: ConnectionFacts): ConnectionStage[] {
  if (!isThere) return (["assertion", "role"] as const).map((stage) => ({ stage, state: "unknown", says: notReached }));
  const isRole = refusal?.byWorker === true && refusal.code === "LEVEL_TOO_LOW";
  if (refusal && !isRole)
    return [
      { stage: "assertion", state: "trouble", says: `${refusal.says} (${refusal.code})`, ...cureOf(refusal.code) },
      { stage: "role", state: "unknown", says: notReached },
    ];
  const taken: ConnectionStage = { stage: "assertion", state: "fine", says: "it takes what this server signs" };
  if (isRole)
    return [
      taken,
      {
        ...{ stage: "role", state: "trouble", says: refusal.says },
        cure: `give the role ${role} a level in /remoteAccess/roles of its configuration`,
        who: owner,
      },
    ];
  const roles = isJsonObject(ownRoles) ? ownRoles : {};
  const own = Object.hasOwn(roles, role) ? roles[role] : roles["*"];
  const given = typeof own === "string" ? own : "does not tell what it gives";
  return [taken, { stage: "role", state: "fine", says: `this server gives you ${level}; the worker ${given}` }];
}

/** What to do about an answer that did not come. */
function cureOf(code: string): Partial<ConnectionStage> {
  if (code.startsWith("ASSERTION_"))
    return { cure: "set both clocks, and look whether the worker joined this server and no other", who: owner };
  if (code.startsWith("WORKER_")) return { cure: "test it again; where that lasts, restart the worker", who: owner };
  return {};
}
