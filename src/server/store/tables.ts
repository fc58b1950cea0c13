import type { Generated } from "kysely";

/**
 * The tables, as queries see them; `migrations/` makes them. Times are milliseconds since 1970, flags 0 or 1, documents
 * JSON text. Secrets stand here hashed (what only has to be recognized) or sealed (what has to be read again).
 */
export interface Tables {
  readonly migration: MigrationTable;
  readonly user: UserTable;
  readonly recovery_code: RecoveryCodeTable;
  readonly session: SessionTable;
  readonly api_token: ApiTokenTable;
  readonly login_failure: LoginFailureTable;
  readonly admin_recovery: AdminRecoveryTable;
  readonly audit: AuditTable;
  readonly audit_head: AuditHeadTable;
  readonly worker: WorkerTable;
  readonly enrolment: EnrolmentTable;
  readonly health: HealthTable;
  readonly worker_event: WorkerEventTable;
  readonly worker_config: WorkerConfigTable;
  readonly worker_config_active: WorkerConfigActiveTable;
  readonly idempotency: IdempotencyTable;
  readonly config_rollout: ConfigRolloutTable;
  readonly config_outcome: ConfigOutcomeTable;
  readonly worker_offer: WorkerOfferTable;
  readonly pending_worker: PendingWorkerTable;
  readonly entitlement: EntitlementTable;
  readonly unit: UnitTable;
  readonly unit_position: UnitPositionTable;
  readonly quokka_worker: QuokkaWorkerTable;
  readonly quokka_unit: QuokkaUnitTable;
}

interface MigrationTable {
  readonly name: string;
}

export interface UserTable {
  readonly id: string;
  readonly name: string;
  /** argon2id, as a PHC string; null: cannot log in with one (a service account). */
  readonly password: string | null;
  /** `viewer`, `operator`, `configurer`, `admin`. */
  readonly role: string;
  /** Labels a worker must have for the role to count, as a JSON object; null: all workers. */
  readonly labels: string | null;
  readonly disabled: number;
  readonly created_at: number;
  /** Sealed; null: no second factor. */
  readonly totp_secret: Buffer | null;
  /** 0 until a code has shown that the user's device has the secret. */
  readonly totp_confirmed: number;
  /** The step of the last code that was taken: it and all before are refused. */
  readonly totp_last_step: number;
}

export interface RecoveryCodeTable {
  readonly user_id: string;
  /** SHA-256. */
  readonly hash: string;
}

export interface SessionTable {
  readonly id: string;
  readonly user_id: string;
  /** SHA-256 of the token. */
  readonly token_hash: string;
  readonly created_at: number;
  readonly used_at: number;
  readonly expires_at: number;
  /** When a second factor was shown last; null: never. */
  readonly factor_at: number | null;
  /** Where from and with what, for the user who looks through the list. */
  readonly source: string;
  readonly client: string;
}

export interface ApiTokenTable {
  readonly id: string;
  readonly user_id: string;
  readonly name: string;
  /** SHA-256 of the token. */
  readonly token_hash: string;
  /** JSON array of scopes. */
  readonly scopes: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly used_at: number | null;
}

export interface LoginFailureTable {
  /** User name or source address that is counted. */
  readonly key: string;
  readonly at: number;
}

/** A password of the server's owner for an admin who got lost, good once (CAT-117). Of no backup. */
export interface AdminRecoveryTable {
  readonly user_id: string;
  /** SHA-256 of the password. */
  readonly hash: string;
  readonly expires_at: number;
}

export interface AuditTable {
  readonly sequence: Generated<number>;
  readonly at: number;
  /** User id, `worker:<id>` or `server`. */
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  /** JSON object without secrets. */
  readonly detail: string;
  /** Chain hash of the row before; 64 zeros for the first. */
  readonly previous: string;
  readonly hash: string;
}

/** One row: where the chain of the audit begins and ends, so that a lost end is seen too. */
export interface AuditHeadTable {
  readonly id: number;
  /** Of the last row; 0 before the first. */
  readonly sequence: number;
  readonly hash: string;
  /** Of the oldest row that is kept, and what it continues. */
  readonly first: number;
  readonly first_previous: string;
}

export interface WorkerTable {
  readonly id: string;
  readonly name: string;
  /** Id of its node on the mesh. */
  readonly node: string;
  /** Ed25519, SPKI DER in base64. */
  readonly public_key: string;
  readonly machine_id: string;
  /** Random at each start of the worker: two live instances of one id are told apart by it. */
  readonly instance: string | null;
  /** `session`, `system`, `cloud`, `appliance`. */
  readonly mode: string;
  readonly version: string;
  readonly labels: string;
  /** `online`, `late`, `lost`, `stopped`, `removed`. */
  readonly state: string;
  /** Why it is in that state, in words. */
  readonly cause: string;
  readonly state_since: number;
  readonly epoch: number;
  readonly created_at: number;
  readonly seen_at: number | null;
  readonly reported_address: string | null;
  readonly observed_address: string | null;
  readonly configured_address: string | null;
  /** 1: a second live instance of it becomes a worker of its own. */
  readonly cloneable: number;
  /** Of the token it came in with last. */
  readonly enrolment_id: string;
}

export interface EnrolmentTable {
  readonly id: string;
  /** SHA-256 of the secret in the token. */
  readonly secret_hash: string;
  /** The name to be given, or with one `*` a pattern that the worker's own must fit; null: any. */
  readonly name: string | null;
  readonly labels: string;
  /** 1: for any number of workers until it expires. */
  readonly cloneable: number;
  /** 1: the worker may take the place of an old entry of its machine. */
  readonly may_replace: number;
  readonly created_by: string;
  readonly created_at: number;
  readonly expires_at: number;
  readonly used_at: number | null;
  readonly used_by: string | null;
  /** How often it has let a worker in. */
  readonly uses: number;
}

/** A worker that came without a token (CAT-33). */
export interface PendingWorkerTable {
  /** Of its key. */
  readonly fingerprint: string;
  /** What it says of itself. */
  readonly name: string;
  readonly host_name: string;
  readonly mode: string;
  /** Where it asks from; of an IPv6 address its network. */
  readonly source: string;
  /** `pending`, `approved`, `rejected`. */
  readonly state: string;
  readonly created_at: number;
  /** When it asked last; of one that was decided about, when. */
  readonly asked_at: number;
  /** User id. */
  readonly decided_by: string | null;
  readonly given_name: string | null;
  /** JSON. */
  readonly given_labels: string | null;
}

/** A signed entitlement as it was given (CAT-98). */
export interface EntitlementTable {
  /** `server/` and its id, or `worker/` and the id of the worker that came with it. */
  readonly place: string;
  /** For this worker alone; null: for the server. */
  readonly worker_id: string | null;
  readonly text: string;
  /** User id, `server` (its own command line), or `worker:ID`. */
  readonly entered_by: string;
  readonly entered_at: number;
  /** What people were told of its end: nothing, `ending`, `over`. */
  readonly told: string;
}

/** One point of a worker's health; `step_ms` says over how long it is the mean, 0 for one heartbeat. */
export interface HealthTable {
  readonly worker_id: string;
  readonly step_ms: number;
  readonly at: number;
  /** JSON object, see the `fleet` room's heartbeat. */
  readonly sample: string;
}

export interface WorkerEventTable {
  readonly sequence: Generated<number>;
  readonly worker_id: string;
  readonly at: number;
  readonly state: string;
  readonly cause: string;
}

export interface WorkerConfigTable {
  readonly name: string;
  readonly version: number;
  readonly body: string;
  readonly sha256: string;
  readonly schema_version: number;
  readonly author: string;
  readonly comment: string;
  readonly created_at: number;
}

export interface WorkerConfigActiveTable {
  readonly name: string;
  readonly version: number;
}

/** A version that comes to some of its workers first (CAT-80). */
export interface ConfigRolloutTable {
  readonly name: string;
  readonly version: number;
  /** The version that all others keep meanwhile. */
  readonly base: number;
  /** `canary`, `paused`, `done`, `aborted`, `failed`. */
  readonly state: string;
  /** JSON: how the first ones are chosen, and how long they must be well. */
  readonly plan: string;
  /** JSON array of worker ids. */
  readonly canaries: string;
  /** User id. */
  readonly author: string;
  /** Why it is in that state, in words. */
  readonly reason: string;
  readonly created_at: number;
  readonly changed_at: number;
}

/** What became of the last version that a worker was given (CAT-79). */
export interface ConfigOutcomeTable {
  readonly worker_id: string;
  readonly name: string;
  readonly version: number;
  /** `applied`, `pending`, `failed`. */
  readonly outcome: string;
  readonly detail: string;
  /** The version it goes by; 0: none. */
  readonly running: number;
  /** Since when it is so. */
  readonly at: number;
}

/** What a worker says it can do (CAT-32). */
export interface WorkerOfferTable {
  readonly worker_id: string;
  /** JSON array of names of work types. */
  readonly capabilities: string;
  readonly helper_slots: number;
}

/** What was answered to a request that may come again (24 hours). */
export interface IdempotencyTable {
  /** User id. */
  readonly caller: string;
  readonly key: string;
  /** SHA-256 of method, path and body: another request must not have the same key. */
  readonly fingerprint: string;
  /** SHA-256, hex, of the payload that came behind the request; null: there was none, or nobody has read it to its end. */
  readonly payload: string | null;
  /** Null: it is being done, or its server died over it. */
  readonly status: number | null;
  /** JSON; null where it holds a secret that is shown once, or there is nothing to say. */
  readonly body: string | null;
  readonly created_at: number;
}

/** A unit of a worker as the worker told of it last (decision 17). */
export interface UnitTable {
  readonly worker_id: string;
  readonly unit: string;
  readonly work_type: string;
  /** JSON object of texts, without secrets. */
  readonly params: string | null;
  /** 0 to 4, as everywhere. */
  readonly state: number;
  readonly detail: string;
  readonly cause: string | null;
  readonly exit_code: number | null;
  readonly signal: string | null;
  /** Of the output, bytes; of one that runs as it was when its state changed last. */
  readonly size: number;
  readonly sha256: string | null;
  /** By the worker's clock, and never in the server's future: it orders the lists. */
  readonly created_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  /** Name of the user who ordered it. */
  readonly requester: string | null;
  /** JSON: the same with level, session, source and request. */
  readonly requested_by: string | null;
  /** JSON: the watcher that made it, and for which file. */
  readonly made_for: string | null;
  /** Of the worker's comparison in which it was told of last. */
  readonly epoch: string;
  readonly seen_at: number;
  /** Since when the worker has it no more; null: it has. */
  readonly released_at: number | null;
}

/** Up to where the units of a worker are known. */
export interface UnitPositionTable {
  readonly worker_id: string;
  readonly epoch: string;
  readonly sequence: number;
}

/** A worker that runs the program of Quokka, as an administrator has entered it. */
export interface QuokkaWorkerTable {
  readonly worker_id: string;
  readonly serial: string;
  /** `capture`, `portscan`, `traceroute`: the program does one of them. */
  readonly worker_type: string;
  /** Where it is; its broker is there too. */
  readonly host: string;
  /** `http` or `rabbitmq`. */
  readonly connection: string;
}

/** What such a worker was asked and has not ended. */
export interface QuokkaUnitTable {
  readonly unit: string;
  readonly worker_id: string;
  /** JSON. */
  readonly job: string;
}
