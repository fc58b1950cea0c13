import type { DrawnPathLine } from "#tools/wire";
import type { OutputName } from "./output-folder.ts";
import { scanLines } from "./scan-lines.ts";

const pictureChars = 16 * 1024 * 1024;
const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** What a result is kept as, and how it is told. */
export interface KeptResult {
  readonly files: readonly (readonly [OutputName, Buffer])[];
  readonly detail: string;
}

/** Of a scan (spec §5.2): its lines, and the program's own text. @param target what was scanned. */
export function scanResult(text: string, target: string): KeptResult {
  return {
    files: [
      ["scan.txt", Buffer.from(text)],
      ["output", jsonLines(scanLines(text, target))],
    ],
    detail: `scan of ${target}`,
  };
}

/** Of a trace: a picture in base64; hops are not told (spec §5.3). What is no picture is left out, and that is said. */
export function pathResult(base64: string, target: string): KeptResult {
  const picture = base64.length <= pictureChars ? Buffer.from(base64, "base64") : Buffer.alloc(0);
  const isPng = picture.subarray(0, 8).equals(pngSignature);
  const lines: readonly DrawnPathLine[] = [
    ...(isPng ? [{ type: "picture", mediaType: "image/png", base64: picture.toString("base64") } as const] : []),
    { type: "summary", target, program: "quokka", method: "tcp", picture: isPng },
  ];
  return {
    files: [...(isPng ? [["path.png", picture] as const] : []), ["output", jsonLines(lines)]],
    detail: `path to ${target}${isPng ? "" : ", without a picture"}`,
  };
}

const jsonLines = (lines: readonly object[]): Buffer =>
  Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
