import { open } from "node:fs/promises";

/** A piece of a payload. */
export interface PayloadPiece {
  readonly bytes: Uint8Array;
  /** Nothing comes behind it. */
  readonly isEnd: boolean;
}

/** Bytes of a payload that is whole, from `offset` on, at most `most`. @throws system errors of the disk. */
export async function readPiece(path: string, offset: number, most: number): Promise<PayloadPiece> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const wanted = Math.max(0, Math.min(most, size - offset));
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, offset);
    return { bytes: buffer.subarray(0, bytesRead), isEnd: offset + bytesRead >= size };
  } finally {
    await file.close();
  }
}
