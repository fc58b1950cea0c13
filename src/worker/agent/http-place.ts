import { type Caller, includesLevel, type WholeDocument } from "#fleet";
import { WorkerError } from "../errors.ts";
import { hostAndPort } from "../management/api-address.ts";

/** Pages that can be reached, by name. */
export type HttpServices = WholeDocument["httpServices"];

/** Where a page is, and what it is called there. */
export interface HttpPlace {
  readonly service: string;
  readonly host: string;
  readonly port: number;
  /** `host:port`, as a browser on this machine would name it. */
  readonly authority: string;
}

/**
 * The place of a service that the configuration names now and the caller may reach.
 *
 * @throws {WorkerError} SERVICE_UNKNOWN, alike for both: names are told to nobody.
 */
export function placeOf(services: HttpServices, service: string, { level }: Pick<Caller, "level">): HttpPlace {
  const known = Object.hasOwn(services, service) ? services[service] : undefined;
  if (!known || !includesLevel(level, known.level ?? "operate"))
    throw new WorkerError("SERVICE_UNKNOWN", "there is no such service for the caller");
  const { host, port } = known;
  return { service, host, port, authority: hostAndPort(host, port) };
}
