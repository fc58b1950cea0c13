/**
 * `ExtraData` of a unit of type `remote`: where its work is, in Receptor's keys and their order (spec §2.7.1). Pure.
 */

export interface RemoteData {
  readonly RemoteNode: string;
  readonly RemoteWorkType: string;
  /** All of them: a start that is tried again needs also those that are never shown. */
  readonly RemoteParams: Readonly<Record<string, string>>;
  readonly RemoteUnitID: string;
  readonly RemoteStarted: boolean;
  readonly LocalCancelled: boolean;
  readonly LocalReleased: boolean;
  readonly SignWork: boolean;
  readonly TLSClient: string;
  /** Go time; {@link never} without a ttl. */
  readonly Expiration: string;
}

/** Go's zero time. */
export const never = "0001-01-01T00:00:00Z";

/** Wall clock at which work that has not started expires, or undefined. */
export function expiryOf({ Expiration }: RemoteData): number | undefined {
  const at = Date.parse(Expiration);
  return Number.isNaN(at) || Expiration.startsWith("0001-") ? undefined : at;
}

/** @returns the same in the order of the specification, or undefined when a field is missing or of the wrong kind. */
export function decodeRemoteData(extra: unknown): RemoteData | undefined {
  if (typeof extra !== "object" || extra === null) return undefined;
  const { RemoteParams: params, ...fields } = { ...empty, ...extra } as Record<keyof RemoteData, unknown>;
  const isParams = typeof params === "object" && params !== null && Object.values(params).every(isText);
  const texts = [fields.RemoteNode, fields.RemoteWorkType, fields.RemoteUnitID, fields.TLSClient, fields.Expiration];
  const flags = [fields.RemoteStarted, fields.LocalCancelled, fields.LocalReleased, fields.SignWork];
  const isValid = isParams && texts.every(isText) && flags.every((flag) => typeof flag === "boolean");
  if (!isValid || fields.RemoteNode === "") return undefined;
  return { ...empty, ...extra };
}

/** The order of keys is this one, also when what is spread over it has another. */
const empty: RemoteData = {
  RemoteNode: "",
  RemoteWorkType: "",
  RemoteParams: {},
  RemoteUnitID: "",
  RemoteStarted: false,
  LocalCancelled: false,
  LocalReleased: false,
  SignWork: false,
  TLSClient: "",
  Expiration: never,
};

/** Of work that is not started yet. */
export function newRemoteData(
  given: Pick<RemoteData, "RemoteNode" | "RemoteWorkType" | "RemoteParams"> & Partial<RemoteData>,
): RemoteData {
  return { ...empty, ...given };
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `Work unit expired on Mon Jan 2 15:04:05`, local time (spec §2.7.6). */
export function expiredText(at: number): string {
  const when = new Date(at);
  const time = [when.getHours(), when.getMinutes(), when.getSeconds()].map((n) => String(n).padStart(2, "0")).join(":");
  return `Work unit expired on ${weekdays[when.getDay()]} ${months[when.getMonth()]} ${when.getDate()} ${time}`;
}
