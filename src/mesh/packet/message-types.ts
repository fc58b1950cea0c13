import { MeshError } from "../errors.ts";

/** Byte 0 of every message between neighbours (spec §3.3). */
export const messageType = {
  data: 0,
  routing: 1,
  advertisement: 2,
  reject: 3,
  /**
   * Frames of direct streams, Farhand's own. Sent only to a neighbour whose routing update said that it takes them
   * (`Farhand.Direct`); a Receptor node would log and ignore them.
   */
  direct: 16,
} as const;

/** Tells a neighbour that the link is refused, before it is closed (spec §3.4). Not to be altered. */
export const rejectMessage: Uint8Array = Uint8Array.of(messageType.reject, 0x5b, 0x5d);

/** What every decoder of this folder throws: the neighbour's bytes are no message. The link survives it. */
export function invalidPacket(message: string): MeshError {
  return new MeshError("PACKET_INVALID", message);
}
