import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { TlsServerSource } from "#core";

/** Names this server answers to: those it was told, and those its certificate proves. */
export class OwnNames {
  readonly #told: ReadonlySet<string>;
  readonly #tls: TlsServerSource | undefined;
  #read: { readonly cert: Buffer | undefined; readonly certificate: X509Certificate | undefined } | undefined;

  constructor(told: readonly string[], tls: TlsServerSource | undefined) {
    this.#told = new Set(told.map((name) => name.toLowerCase()));
    this.#tls = tls;
  }

  /** @param name of a Host header, in small letters and without its port. */
  has(name: string): boolean {
    if (name === "") return false;
    if (this.#told.has(name)) return true;
    const certificate = this.#certificate();
    if (!certificate) return false;
    return isIP(name) === 0
      ? certificate.checkHost(name, { subject: "never" }) !== undefined
      : certificate.checkIP(name) !== undefined;
  }

  /** Read again when its file was replaced. */
  #certificate(): X509Certificate | undefined {
    const cert = this.#tls?.material().cert;
    if (this.#read?.cert !== cert || !this.#read) this.#read = { cert, certificate: cert && new X509Certificate(cert) };
    return this.#read.certificate;
  }
}
