import type { CopiedRow } from "../store/copy.ts";
import type { OutputPiece } from "./kept-outputs.ts";

/** Files of a data folder without which the database is worth little. */
export const keyFiles = ["server.secret", "authority.crt", "authority.key", "server.crt", "server.key"] as const;

/** A line of a backup. */
export type BackupLine =
  /** `steps`: the migrations its tables have been through. */
  | {
      readonly kind: "head";
      readonly format: string;
      readonly version: number;
      readonly at: number;
      readonly steps: readonly string[];
    }
  | { readonly kind: "file"; readonly name: string; readonly base64: string }
  | { readonly kind: "row"; readonly table: string; readonly row: CopiedRow }
  /** Of an output that lies with the server; there may be none. */
  | ({ readonly kind: "piece" } & OutputPiece)
  /** The SHA-256 (hex) is that of all lines before. */
  | { readonly kind: "end"; readonly rows: number; readonly sha256: string };

/** Bytes as `{"$bytes": base64}`; everything else in a row is text, a number or null. */
export function encodeRow(row: CopiedRow): CopiedRow {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [column, isBytes(value) ? { $bytes: base64(value) } : value]),
  );
}

export function decodeRow(row: CopiedRow): CopiedRow {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, decoded(value)]));
}

/** The two databases give bytes in different forms. */
function isBytes(value: unknown): value is Uint8Array | ArrayBuffer {
  return value instanceof Uint8Array || value instanceof ArrayBuffer;
}

function base64(bytes: Uint8Array | ArrayBuffer): string {
  return Buffer.from(bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes).toString("base64");
}

function decoded(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("$bytes" in value)) return value;
  return Buffer.from(String(value.$bytes), "base64");
}
