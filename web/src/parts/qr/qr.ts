import newCode from "qrcode-generator";

/** Empty fields that scanners want around a code (ISO/IEC 18004). */
const quiet = 4;

/** Bytes that the largest code holds at the correction level M. */
const mostBytes = 2_331;

/** A code as one path on a square of fields. */
export interface QrPath {
  /** Fields of one side, with the empty ones around it. */
  readonly side: number;
  /** Its dark fields, as data of an SVG path: one piece for each run in a row. */
  readonly data: string;
}

/**
 * A text as a QR code, with the correction level M (15 % of it may be lost) and of the least size that has room.
 *
 * @param text at most 2,331 bytes as UTF-8. @throws {Error} when it is longer.
 */
export function qrPath(text: string): QrPath {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > mostBytes) throw new Error(`a QR code holds ${mostBytes} bytes, and these are ${bytes.length}`);
  const code = newCode(0, "M");
  // The library takes letters for bytes.
  code.addData(String.fromCharCode(...bytes), "Byte");
  code.make();
  const count = code.getModuleCount();
  let data = "";
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; ) {
      let end = column;
      while (end < count && code.isDark(row, end)) end++;
      if (end > column) data += `M${column + quiet} ${row + quiet}h${end - column}v1h-${end - column}z`;
      column = end + 1;
    }
  }
  return { side: count + 2 * quiet, data };
}
