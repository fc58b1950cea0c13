import type { Quiche } from "@matrixai/quic/native/quiche.js";
import type * as native from "@matrixai/quic/native/types.js";
import { errorText } from "#core";
import { MeshError } from "../../errors.ts";
import {
  type QuicConnection,
  type QuicEnding,
  type QuicEngine,
  type QuicProfile,
  QuicStreamEnded,
  type QuicTransport,
} from "./engine.ts";

/**
 * The engine quiche with BoringSSL, by a native binding: linux-x64 with glibc, macOS, Windows.
 *
 * Loaded at first use, so that a node without streams needs none of it.
 *
 * @throws {MeshError} `QUIC_UNAVAILABLE` where there is no binding.
 */
export function loadQuicheEngine(): Promise<QuicEngine> {
  loaded ??= load();
  return loaded;
}

let loaded: Promise<QuicEngine> | undefined;

async function load(): Promise<QuicEngine> {
  try {
    const { default: quiche } = await import("@matrixai/quic/native/quiche.js");
    return new QuicheEngine(quiche);
  } catch (error) {
    const machine = `${process.platform}-${process.arch}`;
    throw new MeshError("QUIC_UNAVAILABLE", `no QUIC engine for ${machine}: ${errorText(error)}`, { cause: error });
  }
}

/** The engine wants IP addresses; every path is the same to it, since migration is off. */
const ourAddress = { host: "127.0.0.1", port: 1 };
const theirAddress = { host: "127.0.0.1", port: 2 };
const incoming = { from: theirAddress, to: ourAddress };

/** What BoringSSL has of the signature algorithms of Receptor's certificates. */
const signatureAlgorithms = [
  ...["rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512"],
  ...["ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512", "ed25519"],
  ...["rsa_pkcs1_sha256", "rsa_pkcs1_sha384", "rsa_pkcs1_sha512"],
].join(":");

class QuicheEngine implements QuicEngine {
  readonly name = "quiche 0.18";
  readonly versions: readonly number[];
  readonly #quiche: Quiche;
  readonly #clients = new WeakMap<QuicProfile, native.Config>();
  readonly #servers = new WeakMap<QuicProfile, native.Config>();

  constructor(quiche: Quiche) {
    this.#quiche = quiche;
    this.versions = [quiche.PROTOCOL_VERSION];
  }

  connect(profile: QuicProfile, sourceId: Uint8Array): QuicConnection {
    const config = this.#config(this.#clients, profile, true);
    const connection = this.#quiche.Connection.connect(null, sourceId, ourAddress, theirAddress, config);
    return new QuicheConnection(connection, this.#quiche.Shutdown, profile.transport.idleMs);
  }

  accept(profile: QuicProfile, sourceId: Uint8Array, resetToken: Uint8Array): QuicConnection {
    const config = this.#config(this.#servers, profile, profile.tls.requireClientCert === true);
    // A connection copies its transport parameters when it is made, so one config serves any number of tokens.
    config.setStatelessResetToken(BigInt(`0x${Buffer.from(resetToken).toString("hex")}`));
    const connection = this.#quiche.Connection.accept(sourceId, null, ourAddress, theirAddress, config);
    return new QuicheConnection(connection, this.#quiche.Shutdown, profile.transport.idleMs);
  }

  /** Making a config costs more than a whole handshake. */
  #config(cache: WeakMap<QuicProfile, native.Config>, profile: QuicProfile, wantsCert: boolean): native.Config {
    const cached = cache.get(profile);
    if (cached) return cached;
    const { cert, key } = profile.tls;
    // `true`: the binding passes every chain, also a broken one. The caller judges it.
    const config = this.#quiche.Config.withBoringSslCtx(
      wantsCert,
      true,
      null,
      key ? [key] : null,
      cert ? [cert] : null,
      signatureAlgorithms,
    );
    applyTransport(config, profile.transport);
    cache.set(profile, config);
    return config;
  }
}

function applyTransport(config: native.Config, transport: QuicTransport): void {
  config.setApplicationProtos([transport.alpn]);
  config.grease(false);
  // It goes by the rate at which bytes arrive, not by what is lost: roads of a mesh lose datagrams for other reasons than being full.
  config.setCcAlgorithmName("bbr");
  // The binding does not say for when the engine means a datagram. We send at once, and with pacing it would count round trips
  // from times to come; the other algorithms count them from times long past unless their window is wide.
  config.enablePacing(false);
  config.setMaxIdleTimeout(transport.idleMs);
  config.setMaxRecvUdpPayloadSize(transport.maxDatagramBytes);
  config.setMaxSendUdpPayloadSize(transport.maxDatagramBytes);
  config.setInitialMaxData(transport.connectionWindowBytes);
  config.setMaxConnectionWindow(transport.maxConnectionWindowBytes);
  config.setInitialMaxStreamDataBidiLocal(transport.streamWindowBytes);
  config.setInitialMaxStreamDataBidiRemote(transport.streamWindowBytes);
  config.setInitialMaxStreamDataUni(0);
  config.setMaxStreamWindow(transport.maxStreamWindowBytes);
  config.setInitialMaxStreamsBidi(transport.peerStreams);
  config.setInitialMaxStreamsUni(0);
  config.setDisableActiveMigration(true);
}

/** INTERNAL_ERROR (RFC 9000 §20.1). */
const internalError = 1;
/** Longer than it waits, on any road worth the name, for an acknowledgement before its first probe; milliseconds. */
const longestProbeMs = 3000;

class QuicheConnection implements QuicConnection {
  readonly #connection: native.Connection;
  readonly #sides: Quiche["Shutdown"];
  readonly #quietMs: number;
  /** It had nothing more to send, and nothing happened since. */
  #isDrained = false;
  /** Its time to do something has come, and nothing was received since. */
  #isOverdue = false;
  /** It spoke since then: now it waits longer for an answer than before. */
  #hasProbed = false;
  #finWaits = false;

  constructor(connection: native.Connection, sides: Quiche["Shutdown"], idleMs: number) {
    this.#connection = connection;
    this.#sides = sides;
    this.#quietMs = Math.min(longestProbeMs, idleMs / 2);
  }

  get takesFin(): boolean {
    return this.#finWaits && this.#isDrained;
  }

  get isEstablished(): boolean {
    return this.#connection.isEstablished();
  }

  get isResting(): boolean {
    return !this.#finWaits && !this.#isOverdue && this.#isIdle;
  }

  get isClosed(): boolean {
    return this.#connection.isClosed();
  }

  get packetsReceived(): number {
    return this.#connection.stats().recv;
  }

  get ending(): QuicEnding | undefined {
    const connection = this.#connection;
    const theirs = connection.peerError();
    if (theirs) return closing("peer", theirs);
    const ours = connection.localError();
    if (ours) return closing("us", ours);
    if (connection.isTimedOut()) return { kind: "idle" };
    return connection.isDraining() || connection.isClosed() ? { kind: "forgotten" } : undefined;
  }

  receive(datagram: Uint8Array): void {
    this.#isDrained = this.#isOverdue = this.#hasProbed = false;
    try {
      this.#connection.recv(datagram, incoming);
    } catch {
      // What a datagram did wrong ends the connection by itself where it must, and shows in `ending`.
    }
  }

  send(into: Uint8Array): number {
    try {
      const length = this.#connection.send(into)?.[0] ?? 0;
      this.#isDrained = length === 0;
      if (!this.#isDrained) this.#hasProbed = this.#isOverdue;
      return length;
    } catch (error) {
      // It could not go on with the handshake, or has a defect. Either ends this connection and nothing else.
      this.#connection.close(false, internalError, Buffer.from(errorText(error)));
      return 0;
    }
  }

  timeout(): number | undefined {
    return this.#connection.timeout() ?? undefined;
  }

  onTimeout(): void {
    this.#isDrained = false;
    this.#isOverdue = true;
    this.#connection.onTimeout();
  }

  ping(): void {
    this.#connection.sendAckEliciting();
  }

  peerChain(): Uint8Array[] {
    return this.#connection.peerCertChain() ?? [];
  }

  streamSend(stream: number, bytes: Uint8Array, fin: boolean): number | undefined {
    try {
      const isBareFin = fin && bytes.length === 0 && this.#isUsed(stream);
      this.#finWaits = isBareFin && !this.#isDrained;
      if (isBareFin && !this.#isQuiet) {
        // Perhaps that was an acknowledgement only, which nobody will answer.
        if (this.#hasProbed) this.ping();
        return undefined;
      }
      return this.#connection.streamSend(stream, bytes, fin) ?? undefined;
    } catch (error) {
      throw streamEnded(error);
    }
  }

  streamReceive(stream: number, into: Uint8Array): readonly [number, boolean] | undefined {
    try {
      return this.#connection.streamRecv(stream, into) ?? undefined;
    } catch (error) {
      throw streamEnded(error);
    }
  }

  streamReadable(stream: number): boolean {
    return this.#connection.streamReadable(stream);
  }

  streamStop(stream: number, code: number): void {
    this.#shutdown(stream, this.#sides.Read, code);
  }

  streamReset(stream: number, code: number): void {
    this.#shutdown(stream, this.#sides.Write, code);
  }

  streamDone(stream: number): boolean {
    try {
      this.#connection.streamCapacity(stream);
      return false;
    } catch (error) {
      // It forgets a stream once that is finished and acknowledged. A stopped one stays until the last acknowledgement.
      return errorText(error).startsWith("InvalidStreamState");
    }
  }

  close(by: "application" | "transport", code: number, reason: string): void {
    this.#connection.close(by === "application", code, Buffer.from(reason));
  }

  /**
   * Nothing we sent waits for its acknowledgement. Quiche takes a stream for finished when all bytes are acknowledged,
   * even if a bare end behind them is not: sent while bytes are under way, such an end can be forgotten for ever.
   */
  get #isQuiet(): boolean {
    // What was lost is sent before it has nothing to send. From then on its timer runs for what is under way: for a short
    // time until the first probe, and longer after each. If there is nothing, only the timer of idleness does.
    return this.#isDrained && !this.#hasProbed && this.#isIdle;
  }

  /** Only the timer of idleness runs. */
  get #isIdle(): boolean {
    return (this.#connection.timeout() ?? Number.POSITIVE_INFINITY) > this.#quietMs;
  }

  #isUsed(stream: number): boolean {
    try {
      this.#connection.streamCapacity(stream);
      return true;
    } catch {
      // There is no such stream yet, or the far end has stopped it: sending will tell.
      return false;
    }
  }

  #shutdown(stream: number, side: native.Shutdown, code: number): void {
    try {
      this.#connection.streamShutdown(stream, side, code);
    } catch {
      // The stream is over already.
    }
  }
}

function closing(by: "us" | "peer", error: native.ConnectionError): QuicEnding {
  const level = error.isApp ? "application" : "transport";
  return { kind: "closed", by, level, code: error.errorCode, reason: Buffer.from(error.reason).toString() };
}

/** The binding says what happened in the error's text: `StreamStopped(499)`, `StreamReset(7)`, `StreamLimit`. */
function streamEnded(error: unknown): unknown {
  const [, name, code] = /^(StreamStopped|StreamReset|StreamLimit)(?:\((\d+)\))?/.exec(errorText(error)) ?? [];
  if (name === "StreamStopped") return new QuicStreamEnded("stopped", Number(code));
  if (name === "StreamReset") return new QuicStreamEnded("reset", Number(code));
  return name === "StreamLimit" ? new QuicStreamEnded("refused", 0) : error;
}
