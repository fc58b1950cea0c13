import type { Clock } from "#core";
import { makeInsecureCertificate } from "../../certificate/insecure.ts";
import type { QuicProfile, QuicTransport } from "./engine.ts";

/** A certificate is replaced when this much of its life is left, milliseconds. */
const renewBeforeMs = 12 * 60 * 60 * 1000;

/**
 * What all listeners without a TLS profile of a node show: a throw-away certificate, made when the first of them needs
 * it and replaced long before it expires.
 */
export class InsecureProfile {
  readonly #transport: QuicTransport;
  readonly #clock: Pick<Clock, "now">;
  #profile: QuicProfile | undefined;
  #renewAt = 0;
  #making: Promise<void> | undefined;

  constructor(transport: QuicTransport, clock: Pick<Clock, "now">) {
    this.#transport = transport;
    this.#clock = clock;
  }

  /** Resolves when {@link current} has something to give. */
  ready(): Promise<void> {
    return this.#profile ? Promise.resolve() : this.#make();
  }

  /** The newest there is, at once. While a new one is made, the old one still serves: peers do not look at its dates. */
  current(): QuicProfile | undefined {
    // A failure shows in `ready()`; a renewal that fails is tried again by the next that asks.
    if (this.#clock.now() >= this.#renewAt) this.#make().catch(() => {});
    return this.#profile;
  }

  #make(): Promise<void> {
    this.#making ??= this.#renew().finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  async #renew(): Promise<void> {
    const { cert, key, expires } = await makeInsecureCertificate(new Date(this.#clock.now()));
    this.#profile = { tls: { cert: Buffer.from(cert), key: Buffer.from(key) }, transport: this.#transport };
    this.#renewAt = expires.getTime() - renewBeforeMs;
  }
}
