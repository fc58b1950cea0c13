import { statSync } from "node:fs";
import type { ConnectionOptions, Server, TlsOptions } from "node:tls";
import { certificateTimeFault } from "./certificate-time.ts";
import { type Clock, systemClock } from "./clock.ts";
import { errorText } from "./errors.ts";
import { type Log, silentLog } from "./log.ts";
import {
  readTlsMaterial,
  type TlsClientProfile,
  type TlsMaterial,
  type TlsServerProfile,
  tlsClientFiles,
  tlsClientOptions,
  tlsServerFiles,
  tlsServerOptions,
} from "./tls.ts";
import { TlsProfileError } from "./tls-errors.ts";

/** How often files are looked at again, at most, in milliseconds. */
const lookEveryMs = 1000;

/**
 * A server profile with its files: read at first use and again when one of them changed, so that a renewed certificate
 * needs no restart. New files that cannot be used leave the old ones in force, with one warning.
 */
export interface TlsServerSource {
  readonly profile: TlsServerProfile;
  /** For `tls.createServer`. The same object until the files change. @throws {TlsProfileError} at first use only. */
  options(): TlsOptions;
  /** The files' contents. The same object until they change. @throws {TlsProfileError} at first use only. */
  material(): TlsMaterial;
  /** Look at the files now: the check of start-up. @throws {TlsProfileError} also when older files are in force. */
  check(): void;
}

/** A client profile with its files, as {@link TlsServerSource}. */
export interface TlsClientSource {
  readonly profile: TlsClientProfile;
  /** For `tls.connect` to `host`. The same object until the files or the host change. @throws {TlsProfileError} */
  options(host: string): ConnectionOptions;
  /** The files' contents. The same object until they change. @throws {TlsProfileError} at first use only. */
  material(): TlsMaterial;
  /** Look at the files now: the check of start-up. @throws {TlsProfileError} also when older files are in force. */
  check(): void;
}

/**
 * A source for listeners. Nothing is read yet. `log` hears of new files that cannot be used, and of a certificate whose time
 * is over, or soon will be, as often as it is read.
 */
export function tlsServerSource(
  profile: TlsServerProfile,
  log: Pick<Log, "warn"> = silentLog,
  clock: Clock = systemClock,
): TlsServerSource {
  const load = (): Loaded<TlsOptions> => {
    const material = readTlsMaterial(tlsServerFiles(profile));
    const options = tlsServerOptions(profile, material);
    const fault = material.cert && certificateTimeFault(material.cert, clock.now());
    if (fault) log.warn(`the certificate ${fault}`, { file: profile.cert });
    return { material, options };
  };
  const files = new WatchedFiles([profile.cert, profile.key, profile.clientCas], load, log, clock);
  return {
    profile,
    options: () => files.current().options,
    material: () => files.current().material,
    check: () => files.check(),
  };
}

/** A source for dialers. Nothing is read yet. `log` hears of new files that cannot be used. */
export function tlsClientSource(
  profile: TlsClientProfile,
  log: Pick<Log, "warn"> = silentLog,
  clock: Clock = systemClock,
): TlsClientSource {
  const load = (): Loaded<ConnectionOptions> => {
    const material = readTlsMaterial(tlsClientFiles(profile));
    return { material, options: tlsClientOptions(profile, "", material) };
  };
  const files = new WatchedFiles([profile.cert, profile.key, profile.rootCas], load, log, clock);
  let last: { readonly host: string; readonly from: TlsMaterial; readonly options: ConnectionOptions } | undefined;
  return {
    profile,
    options: (host) => {
      const from = files.current().material;
      if (last?.host !== host || last.from !== from)
        last = { host, from, options: tlsClientOptions(profile, host, from) };
      return last.options;
    },
    material: () => files.current().material,
    check: () => files.check(),
  };
}

/**
 * Give every new connection of a TLS (or HTTPS) server the newest files of its source. Call it once, before the server
 * listens.
 */
export function followTlsSource(server: Server, source: TlsServerSource): void {
  let current = source.options();
  // Before the server's own listener, which starts the handshake.
  server.prependListener("connection", () => {
    const newest = source.options();
    if (newest === current) return;
    current = newest;
    server.setSecureContext(newest);
  });
}

interface Loaded<O> {
  readonly material: TlsMaterial;
  readonly options: O;
}

/** Files, and what was made of them when they last were good. */
class WatchedFiles<O> {
  readonly #paths: readonly string[];
  readonly #load: () => Loaded<O>;
  readonly #log: Pick<Log, "warn">;
  readonly #clock: Clock;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #seen: string | undefined;
  #good: Loaded<O> | undefined;
  /** Why the files as last seen cannot be used. */
  #fault: TlsProfileError | undefined;

  constructor(paths: readonly (string | undefined)[], load: () => Loaded<O>, log: Pick<Log, "warn">, clock: Clock) {
    this.#paths = paths.filter((path): path is string => path !== undefined && path !== "");
    this.#load = load;
    this.#log = log;
    this.#clock = clock;
  }

  current(): Loaded<O> {
    if (this.#clock.elapsed() - this.#lookedAt >= lookEveryMs) this.#look();
    if (this.#good) return this.#good;
    throw this.#fault ?? new TlsProfileError("TLS_PROFILE_INVALID", "the TLS files were never read");
  }

  check(): void {
    this.#look();
    if (this.#fault !== undefined) throw this.#fault;
  }

  #look(): void {
    this.#lookedAt = this.#clock.elapsed();
    // Stamps first: a file that changes while it is read is read again at the next look.
    const stamps = this.#paths.map(stampOf).join("\n");
    if (stamps === this.#seen) return;
    this.#seen = stamps;
    try {
      this.#good = this.#load();
      this.#fault = undefined;
    } catch (error) {
      // Anything else than what reading and checking throw would be a defect of ours.
      if (!(error instanceof TlsProfileError)) throw error;
      this.#fault = error;
      const files = this.#paths.join(", ");
      if (this.#good)
        this.#log.warn(`changed TLS files cannot be used, the old ones stay: ${errorText(error)}`, { files });
    }
  }
}

/** Differs whenever the file was replaced or written. */
function stampOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}` : "";
}
