import { MonitorError } from "../errors.ts";

/** Length of a greeting of either side. */
export const greetingBytes = 64;

const signatureAt = 9;
const mechanismAt = 12;
const mechanismEnd = 32;

/** Our greeting: version 3.1, NULL mechanism, not as a server (RFC 37/ZMTP §"Greeting"; ReCodEx specification §6). */
export const greeting: Buffer = (() => {
  const bytes = Buffer.alloc(greetingBytes);
  bytes[0] = 0xff;
  bytes[signatureAt] = 0x7f;
  bytes.set([3, 1], signatureAt + 1);
  bytes.write("NULL", mechanismAt, "latin1");
  return bytes;
})();

/** What a peer's greeting says that matters later. */
export interface Greeting {
  readonly minor: number;
}

/**
 * Look at as much of a greeting as has come. Gives undefined while it may still become a good one, so that a stranger (a
 * browser, a port scan) is turned away at its first wrong byte.
 *
 * libzmq writes a length into the eight bytes of padding, for peers of version 1: they are not looked at.
 *
 * @throws {MonitorError} `ZMTP_REFUSED`
 */
export function readGreeting(bytes: Buffer): Greeting | undefined {
  if (bytes.length > 0 && bytes[0] !== 0xff) throw refused("it does not begin with a ZMTP signature");
  if (bytes.length > signatureAt && ((bytes[signatureAt] ?? 0) & 1) === 0)
    throw refused("it does not begin with a ZMTP signature");
  const major = bytes[signatureAt + 1];
  if (major !== undefined && major < 3) throw refused(`it speaks version ${major} of ZMTP, and 3 is needed`);
  if (bytes.length < greetingBytes) return undefined;
  const mechanism = bytes.toString("latin1", mechanismAt, mechanismEnd).replace(/\0+$/, "");
  if (mechanism !== "NULL") throw refused(`its mechanism is ${JSON.stringify(mechanism)}, and NULL is needed`);
  return { minor: bytes[signatureAt + 2] ?? 0 };
}

function refused(why: string): MonitorError {
  return new MonitorError("ZMTP_REFUSED", why);
}
