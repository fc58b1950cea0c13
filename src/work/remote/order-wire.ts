/**
 * Lines of the conversation in which one Farhand node gives work to another. Pure; `docs/wire/remote-work.md` describes it.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { OrderRecord, UnitStatus } from "../wire.ts";

/** Behind the payload of an order: only now may it start. The mere end of a stream could as well be a cut. */
export const startLine = "start\n";

/** What an order says beside what any submit says. */
export interface OrderRequest {
  readonly unitId: string;
  readonly token: string;
  readonly workType: string;
  readonly params: Readonly<Record<string, string>>;
  /** Length and SHA-256 (hex) of the payload. */
  readonly bytes: number;
  readonly sha256: string;
}

/** The first reply to an order: so many bytes of its payload are there. */
export interface OrderAccepted {
  readonly unitid: string;
  readonly from: number;
}

/** @returns undefined when the reply is no such thing. */
export function decodeAccepted(line: string, bytes: number): OrderAccepted | undefined {
  try {
    const { unitid, from } = JSON.parse(line) as Partial<Record<keyof OrderAccepted, unknown>>;
    if (typeof unitid !== "string" || typeof from !== "number") return undefined;
    return Number.isSafeInteger(from) && from >= 0 && from <= bytes ? { unitid, from } : undefined;
  } catch {
    return undefined;
  }
}

/** What is kept of an order. */
export function orderRecord({ token, params, bytes, sha256 }: OrderRequest): OrderRecord {
  return {
    TokenSha256: hashOf(token).toString("hex"),
    ParamsSha256: paramsHash(params),
    Bytes: bytes,
    Sha256: sha256,
  };
}

/** Is this token the one the order came with? Takes as long for a wrong one as for the right one. */
export function isTokenOf(record: OrderRecord | undefined, token: string): boolean {
  const expected = Buffer.from(record?.TokenSha256 ?? "", "hex");
  return expected.length === 32 && timingSafeEqual(expected, hashOf(token));
}

/**
 * Is this the order a unit was made for? All that was looked at before the unit was made has to be the same: whoever could
 * change the work type or the params would start what nobody has signed or allowed.
 */
export function isSameOrder({ Order, WorkType }: UnitStatus, order: OrderRequest): boolean {
  if (!isTokenOf(Order, order.token) || WorkType !== order.workType) return false;
  return (
    Order?.ParamsSha256 === paramsHash(order.params) && Order.Sha256 === order.sha256 && Order.Bytes === order.bytes
  );
}

/** Whatever order they come in. */
function paramsHash(params: OrderRequest["params"]): string {
  const entries = Object.entries(params).sort(([one], [other]) => (one < other ? -1 : 1));
  return hashOf(JSON.stringify(entries)).toString("hex");
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
