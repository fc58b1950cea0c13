import { MeshError } from "../errors.ts";

/** When a certificate shall be valid. */
export interface Validity {
  /** Now when absent. */
  readonly notBefore?: Date | undefined;
  /** Some years after the start when absent. */
  readonly notAfter?: Date | undefined;
}

/** Both ends of the time. @throws {MeshError} `CERTIFICATE_INVALID` when no time is left between them. */
export function validityFrom(wish: Validity, now: Date, years: number): { notBefore: Date; notAfter: Date } {
  const notBefore = wish.notBefore ?? now;
  const notAfter = wish.notAfter ?? yearsAfter(notBefore, years);
  if (notAfter > notBefore) return { notBefore, notAfter };
  const times = `${notAfter.toISOString()} is not after its start, ${notBefore.toISOString()}`;
  throw new MeshError("CERTIFICATE_INVALID", `the end of validity ${times}`);
}

/** The serial number of a certificate made now: Unix seconds (spec §5.6). */
export function serialAt(now: Date): number {
  return Math.floor(now.getTime() / 1000);
}

function yearsAfter(start: Date, years: number): Date {
  const end = new Date(start);
  end.setUTCFullYear(end.getUTCFullYear() + years);
  return end;
}
