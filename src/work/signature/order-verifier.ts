import { verify } from "node:crypto";
import { type Clock, formatGoDuration } from "#core";
import type { PendingVerification, WorkFacts } from "./facts.ts";
import { clockSkewMs, longestWindowMs, type Nonces } from "./nonces.ts";
import { digestOfFacts, emptySha256, type Order, readOrder, type SignedOrder } from "./order.ts";
import type { NamedKey } from "./pem.ts";
import { refusal } from "./refusals.ts";
import type { RevokedKeys } from "./revoked-keys.ts";
import type { TrustedKeys } from "./trusted-keys.ts";

export interface OrderVerifierOptions {
  readonly nodeId: string;
  readonly keys: TrustedKeys;
  readonly revoked: RevokedKeys | undefined;
  readonly nonces: Nonces;
  readonly clock: Clock;
}

/** Verifies signed orders in two steps, because a payload comes behind its request. */
export class OrderVerifier {
  readonly #options: OrderVerifierOptions;

  constructor(options: OrderVerifierOptions) {
    this.#options = options;
  }

  /**
   * Everything but the payload. The order counts as used from here on, even when the payload turns out to be another.
   *
   * Its window is looked at here only: a large payload may well arrive after the end.
   *
   * @throws {WorkError} a code for each thing that can be wrong; see `docs/wire/signed-order.md`.
   */
  async begin(text: string, facts: WorkFacts): Promise<PendingVerification> {
    const { nodeId, clock, nonces } = this.#options;
    const signed = readOrder(text);
    const { order } = signed;
    const key = await this.#keyOf(order.keyId);
    if (!holds(signed, key)) throw refusal("SIGNATURE_INVALID", "the order was not signed with the key it names");
    if (order.target !== nodeId) throw refusal("SIGNATURE_WRONG_TARGET", "the order is for another node");
    checkWindow(order, clock.now());
    checkFacts(order, facts);
    await nonces.use(order);
    return {
      coversPayload: order.operation === "submit",
      signer: { key: key.name, submitter: order.submitter },
      finish: (payloadSha256) => this.#finish(order, payloadSha256),
    };
  }

  async #finish(order: Order, payloadSha256: string | undefined): Promise<void> {
    if (order.operation === "submit" && payloadSha256 !== order.payloadSha256)
      throw refusal("SIGNATURE_PAYLOAD_CHANGED", "the payload is not the one that was signed");
    // A payload may take hours: long enough for somebody to withdraw the key.
    await this.#refuseRevoked(order.keyId);
  }

  async #keyOf(keyId: string): Promise<NamedKey> {
    await this.#refuseRevoked(keyId);
    const key = await this.#options.keys.find(keyId);
    if (!key) throw refusal("KEY_UNKNOWN", `key ${keyId} is not trusted here`);
    return key;
  }

  async #refuseRevoked(keyId: string): Promise<void> {
    if (await this.#options.revoked?.has(keyId)) throw refusal("KEY_REVOKED", `key ${keyId} is revoked`);
  }
}

function holds({ bytes, signature }: SignedOrder, { key }: NamedKey): boolean {
  return verify(null, bytes, key, signature);
}

function checkWindow({ notBefore, notAfter }: Order, now: number): void {
  if (notAfter < notBefore) throw refusal("SIGNATURE_INVALID", "the order ends before it begins");
  if (notAfter - notBefore > longestWindowMs) {
    const longest = formatGoDuration(BigInt(longestWindowMs) * 1_000_000n);
    throw refusal("SIGNATURE_INVALID", `the order is valid for longer than ${longest}`);
  }
  // An order is valid from when it is signed, so a beginning that is still to come says how far apart the clocks are.
  if (now < notBefore - clockSkewMs) {
    const early = text(notBefore - now);
    const why = `the order is not valid yet, but in ${early}: the signer's clock is that far ahead of ours`;
    throw refusal("SIGNATURE_NOT_YET_VALID", `${why} (${utc(now)})`);
  }
  if (now > notAfter + clockSkewMs) {
    const late = text(now - notAfter);
    const why = `the order expired ${late} ago: it comes late, or the signer's clock is behind ours`;
    throw refusal("SIGNATURE_EXPIRED", `${why} (${utc(now)})`);
  }
}

function utc(now: number): string {
  return new Date(now).toISOString();
}

function text(ms: number): string {
  return formatGoDuration(BigInt(Math.round(ms)) * 1_000_000n);
}

function checkFacts(order: Order, facts: WorkFacts): void {
  const differs =
    (order.operation !== facts.operation && "operation") ||
    (order.unitId !== facts.unitId && "unit id") ||
    (order.workType !== facts.workType && "work type") ||
    (order.paramsSha256 !== digestOfFacts(facts) && "params");
  if (differs) throw refusal("SIGNATURE_PARAMS_CHANGED", `the ${differs} of the request is not what was signed`);
  if (order.operation !== "submit" && order.payloadSha256 !== emptySha256)
    throw refusal("SIGNATURE_PAYLOAD_CHANGED", "the payload is not the one that was signed");
}
