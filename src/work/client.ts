import { type ControlClient, ControlError, type JsonObject } from "#control";
import { WorkError, type WorkErrorCode } from "./errors.ts";
import type { UnitReport } from "./wire.ts";

/** What `work submit` asks for (spec §1.8, §6.3). Options that are absent are not sent. */
export interface SubmitRequest {
  /** Node that shall run it; `localhost` is the one spoken to. */
  readonly node: string;
  readonly workType: string;
  /** Work parameters. Names the protocol uses itself are refused. */
  readonly params?: Readonly<Record<string, string>>;
  /** Name of a `tls-client` profile of the node spoken to. */
  readonly tlsClient?: string | undefined;
  /** How long the work may wait for its node, as a Go duration. */
  readonly ttl?: string | undefined;
  readonly signWork?: boolean | undefined;
}

/** What became of a submit. */
export interface SubmittedUnit {
  readonly unitId: string;
  /** `Job Started`, or `Job Submitted` when it has to wait. */
  readonly result: string;
}

/** What became of a cancel or release: done, or for a node that is out of reach only noted. */
export interface EndedUnit {
  readonly unitId: string;
  readonly isPending: boolean;
}

/** Names of a submit that cannot be work parameters, because the protocol gives them a meaning of its own. */
const reservedParams = "command subcommand node worktype tlsclient ttl signwork signature workUnitID".split(" ");

/**
 * Hand in a unit: request, payload, reply. The connection is used up by it.
 *
 * @param created is told the id as soon as the node has made the unit, before the payload is sent.
 * @throws {WorkError} for what the node refuses in words of the protocol, {@link ControlError} for everything else.
 */
export async function submitUnit(
  control: ControlClient,
  request: SubmitRequest,
  payload: AsyncIterable<Uint8Array>,
  created: (unitId: string) => void = () => {},
): Promise<SubmittedUnit> {
  const unitId = await asking(async () => {
    const line = await control.callLine(submitLine(request));
    const id = /with ID ([a-zA-Z0-9]+)\./.exec(line)?.[1];
    if (id === undefined) throw invalidReply(`no unit id in "${line.slice(0, 200)}"`);
    return id;
  });
  created(unitId);
  await control.sendPayload(payload);
  try {
    const { result } = await control.readJson();
    return { unitId, result: typeof result === "string" ? result : "Job Started" };
  } catch (error) {
    if (!isRemoteError(error)) throw error;
    const code = refusalIn(error.message) ?? "START_FAILED";
    // Receptor's words for what another node answers say less than the answer.
    const why = error.message.replace(/^could not parse response: ERROR: /, "the other node refused it: ");
    throw new WorkError(code, `unit ${unitId} was not started: ${why}`, { cause: error });
  }
}

function submitLine({ node, workType, params = {}, tlsClient, ttl, signWork }: SubmitRequest): JsonObject {
  const taken = Object.keys(params).find((name) => reservedParams.includes(name));
  if (taken !== undefined) throw new WorkError("REQUEST_INVALID", `a work parameter cannot be called ${taken}`);
  return {
    command: "work",
    subcommand: "submit",
    node,
    worktype: workType,
    ...(tlsClient && { tlsclient: tlsClient }),
    ...(ttl && { ttl }),
    ...(signWork && { signwork: "true" }),
    ...params,
  };
}

/** Every unit of the node by id. */
export async function listUnits(control: ControlClient): Promise<Record<string, UnitReport>> {
  return await asking(async () => reportsOf(await control.call({ command: "work", subcommand: "list" })));
}

/** One unit. @throws {WorkError} `UNIT_NOT_FOUND` */
export async function unitStatus(control: ControlClient, unitId: string): Promise<UnitReport> {
  return await asking(async () => reportOf(await control.call(`work status ${checkedId(unitId)}`)));
}

/** End a unit. The reply comes when it has ended, which can take as long as its grace. */
export async function cancelUnit(control: ControlClient, unitId: string): Promise<EndedUnit> {
  return await asking(async () => endedUnit(unitId, await control.call(`work cancel ${checkedId(unitId)}`)));
}

/** End a unit and delete what is kept of it; with `force` also when its processes or files resist. */
export async function releaseUnit(
  control: ControlClient,
  unitId: string,
  { force = false }: { readonly force?: boolean | undefined } = {},
): Promise<EndedUnit> {
  const request = `work ${force ? "force-release" : "release"} ${checkedId(unitId)}`;
  return await asking(async () => endedUnit(unitId, await control.call(request)));
}

/**
 * The unit's output from byte `from` to the end of the stream. The connection is used up by it.
 *
 * The end of the stream does not say whether the unit has ended or the daemon: ask for the status, and when bytes are
 * missing come back with the offset reached.
 */
export async function* unitOutput(
  control: ControlClient,
  unitId: string,
  from: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  await asking(() => control.callLine(`work results ${checkedId(unitId)} ${from}`));
  yield* control.bytes();
}

/** An id stands between spaces in a line of text: anything but letters and digits would change the request. */
function checkedId(unitId: string): string {
  if (/^[a-zA-Z0-9]+$/.test(unitId)) return unitId;
  throw new WorkError("UNIT_NOT_FOUND", `unknown work unit ${unitId}: an id is made of letters and digits`);
}

function endedUnit(unitId: string, reply: JsonObject): EndedUnit {
  return { unitId, isPending: Object.keys(reply).some((key) => key.endsWith(" pending")) };
}

function reportsOf(reply: JsonObject): Record<string, UnitReport> {
  return Object.fromEntries(Object.entries(reply).map(([id, value]) => [id, reportOf(value)]));
}

/** Only what every version of the protocol sends is checked; the rest is optional in the type as well. */
function reportOf(value: unknown): UnitReport {
  const { State, StdoutSize, WorkType, Detail } = (value ?? {}) as Record<string, unknown>;
  const isReport =
    typeof State === "number" &&
    typeof StdoutSize === "number" &&
    typeof WorkType === "string" &&
    typeof Detail === "string";
  if (!isReport) throw invalidReply("it holds no unit status");
  return value as UnitReport;
}

function invalidReply(why: string): ControlError {
  return new ControlError("REPLY_INVALID", `the node's reply cannot be understood: ${why}`);
}

/**
 * What is meant by an error text. The wire carries texts only (spec §1.2), so the code a daemon had in mind is lost on
 * the way; the first row that fits gives it back. Clients match on some of these texts, the rest is this daemon's own.
 */
const knownRefusals: readonly (readonly [text: RegExp, code: WorkErrorCode])[] = [
  [/^unknown work unit/, "UNIT_NOT_FOUND"],
  [/^unknown work type/, "WORK_TYPE_UNKNOWN"],
  [/^(work of type|connect).* is not allowed (from node|over) /s, "WORK_REFUSED"],
  [/^extra params provided but not allowed/, "PARAMS_REFUSED"],
  [/^EOF found (when expecting closing quote|after escape character)/, "PARAMS_REFUSED"],
  [/^params contain a NUL byte/, "PARAMS_REFUSED"],
  [/^work type did not expect a signature/, "SIGNATURE_UNEXPECTED"],
  [/^ttl option is intended/, "REQUEST_INVALID"],
  [/^unknown TLS config /, "REQUEST_INVALID"],
  [/^cannot send secrets over a non-TLS connection/, "REQUEST_INVALID"],
  [/^time: invalid duration/, "REQUEST_INVALID"],
  [/^node id .* is not valid/, "REQUEST_INVALID"],
  [/^could not parse response: /, "REMOTE_REFUSED"],
  [/^error from remote: /, "REMOTE_REFUSED"],
  [/^error cancelling remote unit: /, "REMOTE_REFUSED"],
  [/^no route to node/, "NODE_UNREACHABLE"],
  [/^no unit can be stored: /, "STORAGE_FAILED"],
  [/^files of unit \S+ not deleted: /, "STORAGE_FAILED"],
  [/^Error reading input data: .*\b(ENOSPC|EDQUOT|EROFS|EIO|EACCES)\b/, "STORAGE_FAILED"],
  [/^Error reading input data: /, "PAYLOAD_FAILED"],
  [/^processes of unit \S+ do not end/, "UNIT_STUCK"],
];

function refusalIn(text: string): WorkErrorCode | undefined {
  return knownRefusals.find(([known]) => known.test(text))?.[1];
}

async function asking<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!isRemoteError(error)) throw error;
    const code = refusalIn(error.message);
    throw code ? new WorkError(code, error.message, { cause: error }) : error;
  }
}

function isRemoteError(error: unknown): error is ControlError {
  return error instanceof ControlError && error.code === "REMOTE_ERROR";
}
