import { X509Certificate } from "node:crypto";
import {
  type Clock,
  type Log,
  TlsProfileError,
  type TlsClientProfile,
  type TlsClientSource,
  tlsClientSource,
  type TlsMaterial,
  type TlsServerProfile,
  type TlsServerSource,
  tlsServerSource,
} from "#core";
import { MeshError } from "../errors.ts";

/** When the certificate of a profile ends. */
export interface ProfileExpiry {
  readonly kind: "server" | "client";
  readonly profile: string;
  readonly notAfter: Date;
}

/** The TLS profiles of a node by name. Each reads its files when it is first used, and again when they change. */
export interface TlsProfiles {
  /** @throws {MeshError} `TLS_PROFILE_UNKNOWN` */
  server(name: string): TlsServerSource;
  /** `default` is always there: the well-known roots and no certificate. @throws {MeshError} `TLS_PROFILE_UNKNOWN` */
  client(name: string): TlsClientSource;
  /** Of every certificate that can be read now, in the order of the settings. */
  expiries(): readonly ProfileExpiry[];
}

/** Profiles as the settings name them. */
export interface TlsProfilesOptions {
  readonly servers: ReadonlyMap<string, TlsServerProfile>;
  readonly clients: ReadonlyMap<string, TlsClientProfile>;
  readonly log: Pick<Log, "warn">;
  readonly clock?: Clock | undefined;
}

/** Gather the profiles of a node. Nothing is read yet. */
export function tlsProfiles({ servers, clients, log, clock }: TlsProfilesOptions): TlsProfiles {
  const serving = new Map([...servers].map(([name, profile]) => [name, tlsServerSource(profile, log, clock)]));
  const implied = [["default", {}] as const, ...clients];
  const dialling = new Map(implied.map(([name, profile]) => [name, tlsClientSource(profile, log, clock)]));
  return {
    server: (name) => serving.get(name) ?? unknown(name),
    client: (name) => dialling.get(name) ?? unknown(name),
    expiries: () => [...expiriesOf("server", serving), ...expiriesOf("client", dialling)],
  };
}

function unknown(name: string): never {
  throw new MeshError("TLS_PROFILE_UNKNOWN", `unknown TLS config ${name}`);
}

function expiriesOf(
  kind: ProfileExpiry["kind"],
  sources: ReadonlyMap<string, TlsServerSource | TlsClientSource>,
): ProfileExpiry[] {
  return [...sources].flatMap(([profile, source]) => {
    const notAfter = expiryOf(source);
    return notAfter ? [{ kind, profile, notAfter }] : [];
  });
}

/** Kept by the files' contents: `status` and `/metrics` ask again and again. */
const expiries = new WeakMap<TlsMaterial, Date>();

function expiryOf(source: TlsServerSource | TlsClientSource): Date | undefined {
  try {
    const material = source.material();
    if (!material.cert) return undefined;
    const known = expiries.get(material) ?? new Date(new X509Certificate(material.cert).validTo);
    expiries.set(material, known);
    return known;
  } catch (error) {
    if (error instanceof TlsProfileError) return undefined;
    throw error;
  }
}
