import type { Clock, TlsClientSource, TlsMaterial, TlsServerSource } from "#core";
import { MeshError } from "../../errors.ts";
import { judgeClient, judgeInsecureServer, judgeServer } from "./certificate-judges.ts";
import type { QuicProfile, QuicTransport } from "./engine.ts";
import { InsecureProfile } from "./insecure-profile.ts";

/** The TLS profiles of a node by name; undefined for a name that is not configured. */
export interface TlsProfiles {
  server(name: string): TlsServerSource | undefined;
  client(name: string): TlsClientSource | undefined;
}

/** How streams are secured (spec §4.5): what we show, and whether what the far end showed is good enough. */
export interface StreamSecurity {
  /** Resolves when {@link profile} has something to give. @throws {Error} when it never will. */
  ready(): Promise<void>;
  /** The newest: its files may have changed. @throws {TlsProfileError} when they never could be read. */
  profile(): QuicProfile | undefined;
  /** Why the chain is not that of `node`, or undefined when it is. */
  judge(chain: readonly Uint8Array[], node: string): string | undefined;
}

/** The security of dials and of listeners of one node. */
export class StreamTls {
  readonly #profiles: TlsProfiles;
  readonly #clock: Pick<Clock, "now">;
  readonly #dialing: QuicTransport;
  readonly #listening: QuicTransport;
  readonly #insecureListener: InsecureProfile;
  readonly #insecureDialer: QuicProfile;
  readonly #made = new WeakMap<TlsMaterial, Map<string, QuicProfile>>();

  constructor(profiles: TlsProfiles, transport: Omit<QuicTransport, "peerStreams">, clock: Pick<Clock, "now">) {
    this.#profiles = profiles;
    this.#clock = clock;
    // Exactly one stream per connection, and the dialer opens it.
    this.#dialing = { ...transport, peerStreams: 0 };
    this.#listening = { ...transport, peerStreams: 1 };
    this.#insecureListener = new InsecureProfile(this.#listening, clock);
    this.#insecureDialer = { tls: {}, transport: this.#dialing };
  }

  /** @throws {MeshError} `TLS_PROFILE_UNKNOWN`; TlsProfileError. */
  dialer(name: string | undefined): StreamSecurity {
    if (name === undefined || name === "")
      return { ready: async () => {}, profile: () => this.#insecureDialer, judge: judgeInsecureServer };
    const source = known(this.#profiles.client(name), name);
    source.material();
    return {
      ready: async () => {},
      profile: () => this.#profileOf(source.material(), "dialer", this.#dialing),
      judge: (chain, node) => judgeServer(source.profile, source.material(), this.#today())(chain, node),
    };
  }

  /** @throws {MeshError} `TLS_PROFILE_UNKNOWN`; TlsProfileError. */
  listener(name: string | undefined): StreamSecurity {
    const insecure = this.#insecureListener;
    if (name === undefined || name === "")
      return { ready: () => insecure.ready(), profile: () => insecure.current(), judge: () => undefined };
    const source = known(this.#profiles.server(name), name);
    source.material();
    // The engine cannot ask for a certificate and do without: as in Receptor, whoever names CAs gets certificates.
    const wants = source.profile.requireClientCert === true || Boolean(source.profile.clientCas);
    const role = wants ? "strict listener" : "listener";
    return {
      ready: async () => {},
      profile: () => this.#profileOf(source.material(), role, this.#listening),
      judge: (chain, node) => (wants ? judgeClient(source.material(), this.#today())(chain, node) : undefined),
    };
  }

  #today(): Date {
    return new Date(this.#clock.now());
  }

  /** The same object for the same files, so that the engine can keep what it makes of it. */
  #profileOf(material: TlsMaterial, role: string, transport: QuicTransport): QuicProfile {
    const byRole = this.#made.get(material) ?? new Map<string, QuicProfile>();
    this.#made.set(material, byRole);
    const { cert, key } = material;
    const made = byRole.get(role) ?? { tls: { cert, key, requireClientCert: role === "strict listener" }, transport };
    byRole.set(role, made);
    return made;
  }
}

function known<T>(source: T | undefined, name: string): T {
  if (source) return source;
  throw new MeshError("TLS_PROFILE_UNKNOWN", `unknown TLS config ${name}`);
}
