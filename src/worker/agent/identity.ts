import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errorText, systemCode } from "#core";
import type { Registered } from "#fleet";
import { WorkerError } from "../errors.ts";

/** What a worker knows of itself and its server after its first registration. No secret. */
export interface Membership {
  readonly workerId: string;
  readonly name: string;
  readonly node: string;
  readonly serverNode: string;
  /** Where the server was reached: `https://host:port/prefix`. */
  readonly serverUrl: string;
}

/** Files of a worker's identity, for TLS profiles. */
export interface IdentityFiles {
  readonly key: string;
  readonly certificate: string;
  readonly authority: string;
  /** Who vouches for the server's port: the authority, and whoever a person trusted besides. */
  readonly portAuthorities: string;
}

/**
 * Who a worker is, in its state folder: the Ed25519 key that it made itself and shows nobody, its certificate, and its
 * membership. All of it is written whole or not at all (CAT-34).
 */
export class Identity {
  readonly files: IdentityFiles;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.files = {
      key: join(folder, "worker.key"),
      certificate: join(folder, "worker.crt"),
      authority: join(folder, "authority.crt"),
      portAuthorities: join(folder, "port-authorities.crt"),
    };
  }

  /** The key; made when there is none. @throws {WorkerError} STATE_UNUSABLE. */
  key(): KeyObject {
    const pem = this.#read("worker.key") ?? this.#makeKey();
    try {
      return createPrivateKey(pem);
    } catch (error) {
      throw unusable(`${this.files.key} holds no key: ${errorText(error)}`);
    }
  }

  /** Undefined before the first registration. @throws {WorkerError} STATE_UNUSABLE. */
  membership(): Membership | undefined {
    const text = this.#read("membership.json");
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as Membership;
    } catch (error) {
      throw unusable(`${join(this.#folder, "membership.json")} is damaged: ${errorText(error)}`);
    }
  }

  /**
   * Somebody else than the server's own authority vouches for its port: the operator's, say.
   *
   * @param pem one certificate or many. @throws {WorkerError} STATE_UNUSABLE.
   */
  trust(pem: string): void {
    this.#write("trusted.crt", withEnd(pem), 0o644);
    this.#writePortAuthorities(this.#read("authority.crt") ?? "");
  }

  /** What the server answered, for the next start. @throws {WorkerError} STATE_UNUSABLE. */
  keep({ workerId, name, node, serverNode, authority, certificate }: Registered, serverUrl: string): Membership {
    const membership = { workerId, name, node, serverNode, serverUrl };
    this.#write("authority.crt", authority, 0o644);
    this.#writePortAuthorities(authority);
    this.#write("worker.crt", certificate + authority, 0o644);
    this.#write("membership.json", `${JSON.stringify(membership, undefined, 2)}\n`, 0o600);
    return membership;
  }

  #writePortAuthorities(authority: string): void {
    this.#write("port-authorities.crt", withEnd(authority) + (this.#read("trusted.crt") ?? ""), 0o644);
  }

  #makeKey(): string {
    const { privateKey } = generateKeyPairSync("ed25519");
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    this.#write("worker.key", pem, 0o600);
    return pem;
  }

  #read(name: string): string | undefined {
    try {
      return readFileSync(join(this.#folder, name), "utf8");
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      throw unusable(`${join(this.#folder, name)} cannot be read: ${errorText(error)}`);
    }
  }

  #write(name: string, text: string, mode: number): void {
    const path = join(this.#folder, name);
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      const file = openSync(`${path}.new`, "w", mode);
      writeSync(file, text);
      fsyncSync(file);
      closeSync(file);
      chmodSync(`${path}.new`, mode);
      renameSync(`${path}.new`, path);
    } catch (error) {
      throw unusable(`${path} cannot be written: ${errorText(error)}`);
    }
  }
}

function withEnd(pem: string): string {
  return pem === "" || pem.endsWith("\n") ? pem : `${pem}\n`;
}

const unusable = (why: string): WorkerError => new WorkerError("STATE_UNUSABLE", why);
