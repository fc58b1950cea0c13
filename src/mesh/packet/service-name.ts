import { MeshError } from "../errors.ts";

/** A service name is padded to this many bytes in a data message. */
export const serviceNameBytes = 8;

const reserved = new Set(["ping", "unreach"]);

/**
 * Whether a user may listen on a service of this name (spec §3.1).
 *
 * @throws {MeshError} `SERVICE_NAME_INVALID`; the texts of a name too long and of a reserved one are Receptor's.
 */
export function checkServiceName(name: string): void {
  if (name === "") throw new MeshError("SERVICE_NAME_INVALID", "service name must not be empty");
  serviceNameLength(name);
  if (reserved.has(name)) throw new MeshError("SERVICE_NAME_INVALID", `service ${name} is already listening`);
  // Zero bytes are padding on the wire, and half a surrogate pair would come out as another name.
  if (name.includes("\0") || /\p{Surrogate}/u.test(name))
    throw new MeshError("SERVICE_NAME_INVALID", `service name ${JSON.stringify(name)} is not valid`);
}

/**
 * Write a service name into 8 bytes of a message that hold zeros.
 *
 * @throws {MeshError} `SERVICE_NAME_INVALID` when it is too long.
 */
export function writeServiceName(message: Buffer, offset: number, name: string): void {
  serviceNameLength(name);
  message.write(name, offset, serviceNameBytes);
}

/** The service name in 8 bytes of a message, without the zeros it is padded with. */
export function readServiceName(message: Uint8Array, offset: number): string {
  let end = offset + serviceNameBytes;
  while (end > offset && message[end - 1] === 0) end--;
  let text = "";
  for (let at = offset; at < end; at++) {
    const byte = message[at] as number;
    if (byte > 0x7f) return Buffer.from(message.subarray(offset, end)).toString();
    text += String.fromCharCode(byte);
  }
  return text;
}

function serviceNameLength(name: string): void {
  const isShort = name.length * 3 <= serviceNameBytes || Buffer.byteLength(name) <= serviceNameBytes;
  if (!isShort) throw new MeshError("SERVICE_NAME_INVALID", `service name ${name} too long`);
}
