import { errorText, FarhandError } from "#core";
import { MeshError, type MeshErrorCode } from "../../errors.ts";

/** Why a stream is refused or reset, as it goes over the wire. */
export interface Reason {
  readonly code: number;
  readonly text: string;
}

/** The stream was closed in order, though before its time: what `destroy()` without an error says. */
export const normalClose = 0;

/** Numbers of the reasons; only ever added to. What is not here goes as `STREAM_REFUSED`. */
const codes: readonly (readonly [number, MeshErrorCode])[] = [
  [1, "STREAM_REFUSED"],
  [2, "SERVICE_UNKNOWN"],
  [3, "NO_ROUTE"],
  [4, "NO_CONNECTION"],
  [5, "BLOCKED"],
  [6, "TIMEOUT"],
  [7, "EXPIRED"],
  [8, "STREAM_LOST"],
  [9, "TLS_REFUSED"],
  [10, "MESH_CLOSED"],
];
const numberOf = new Map(codes.map(([number, code]) => [code, number]));
const codeOf = new Map(codes);
const refused = 1;

/** What to tell the far end about an error. Only texts that were written for people leave this node. */
export function reasonOf(error: unknown): Reason {
  const code = error instanceof MeshError ? (numberOf.get(error.code) ?? refused) : refused;
  return { code, text: error instanceof FarhandError ? errorText(error) : "the far end broke off the stream" };
}

/** The error that a reason from the far end stands for; codes of later versions are `STREAM_REFUSED`. */
export function errorOf({ code, text }: Reason): MeshError {
  return new MeshError(codeOf.get(code) ?? "STREAM_REFUSED", text || "the far end gave no reason");
}
