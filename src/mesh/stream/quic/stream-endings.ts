import { MeshError } from "../../errors.ts";
import type { QuicEnding } from "./engine.ts";

/** Why a connection is over: as the engine says, or for a reason it cannot know. */
export type StreamEnding =
  | QuicEnding
  /** A handshake that took too long, with what last kept a datagram from being sent. */
  | { readonly kind: "unanswered"; readonly lastFault: string | undefined }
  /** The far node says that it has no such service (spec §3.8). */
  | { readonly kind: "no service" }
  /** Our node, or its service, closes. */
  | { readonly kind: "shutdown" };

/** Codes of the application (spec §4.4). */
export const closeCodes = {
  normal: 0,
  /** Ours: what was sent is not whole. Receptor takes every code for that. */
  brokenOff: 1,
  stopReading: 499,
  listenerRefuses: 500,
} as const;
/** What goes with {@link closeCodes} `normal`. */
export const normalClose = "normal close";
/** The TLS alert bad_certificate as a transport code (RFC 9001 §4.8). */
export const badCertificate = 0x12a;

/** The far end closed in order: an ordinary end of the stream (spec §4.4). */
export function isNormalClose(ending: StreamEnding): boolean {
  return ending.kind === "closed" && ending.level === "application" && ending.code === closeCodes.normal;
}

/** The error a stream or a dial to `to` (`node:service`) ends with. */
export function endingError(ending: StreamEnding, to: string): MeshError {
  switch (ending.kind) {
    case "closed":
      return closeError(ending, to);
    case "idle":
      return new MeshError("STREAM_LOST", `the stream to ${to} broke: nothing is heard from the far end any more`);
    case "forgotten":
      return new MeshError("STREAM_LOST", `the stream to ${to} broke: the far end does not know it any more`);
    case "unanswered": {
      const fault = ending.lastFault === undefined ? "" : ` (${ending.lastFault})`;
      return new MeshError("TIMEOUT", `${to} did not answer in time${fault}`);
    }
    case "no service":
      return new MeshError("SERVICE_UNKNOWN", `service unknown: ${to}`);
    case "shutdown":
      return new MeshError("MESH_CLOSED", `the stream with ${to} ended: its service is closing here`);
  }
}

/** A refused certificate, in the words that clients of Receptor look for (spec §2.7). */
export function certificateError(why: string, to: string): MeshError {
  return tlsError(badCertificate, "local", why, to);
}

function closeError(ending: QuicEnding & { kind: "closed" }, to: string): MeshError {
  const { level, code, reason, by } = ending;
  if (level === "application") {
    const said = reason === "" ? "no reason given" : reason;
    return new MeshError("STREAM_REFUSED", `${to} ended the stream: ${said} (code ${code})`);
  }
  if (isAlert(code)) return tlsError(code, by === "us" ? "local" : "remote", reason, to);
  if (code === cryptoBufferExceeded)
    return new MeshError(
      "TLS_REFUSED",
      `TLS to ${to} failed: CRYPTO_BUFFER_EXCEEDED: too many CA certificates are listed`,
    );
  const who = by === "us" ? "this node" : "the far end";
  const name = transportCodes[code] ?? `0x${code.toString(16)}`;
  const said = reason === "" ? name : `${name}: ${reason}`;
  return new MeshError("STREAM_LOST", `the stream to ${to} broke: ${who} closed its connection (${said})`);
}

/** More than 16 KiB of handshake. In practice a listener that names every CA of a large bundle (spec §4.2). */
const cryptoBufferExceeded = 13;

function isAlert(code: number): boolean {
  return code >= 0x100 && code <= 0x1ff;
}

function tlsError(code: number, side: "local" | "remote", reason: string, to: string): MeshError {
  const alert = alerts[code - 0x100] ?? `alert ${code - 0x100}`;
  const why = reason === "" ? `tls: ${alert}` : reason;
  return new MeshError("TLS_REFUSED", `TLS to ${to} failed: CRYPTO_ERROR 0x${code.toString(16)} (${side}): ${why}`);
}

const alerts: Readonly<Record<number, string>> = {
  10: "unexpected message",
  40: "handshake failure",
  42: "bad certificate",
  43: "unsupported certificate",
  45: "certificate expired",
  46: "certificate unknown",
  47: "illegal parameter",
  48: "unknown certificate authority",
  49: "access denied",
  51: "decrypt error",
  70: "protocol version not supported",
  80: "internal error",
  112: "unrecognized name",
  116: "certificate required",
  120: "no application protocol",
};

/** RFC 9000 §20.1. */
const transportCodes: Readonly<Record<number, string>> = {
  0: "NO_ERROR",
  1: "INTERNAL_ERROR",
  2: "CONNECTION_REFUSED",
  3: "FLOW_CONTROL_ERROR",
  4: "STREAM_LIMIT_ERROR",
  5: "STREAM_STATE_ERROR",
  6: "FINAL_SIZE_ERROR",
  7: "FRAME_ENCODING_ERROR",
  8: "TRANSPORT_PARAMETER_ERROR",
  9: "CONNECTION_ID_LIMIT_ERROR",
  10: "PROTOCOL_VIOLATION",
  11: "INVALID_TOKEN",
  12: "APPLICATION_ERROR",
  14: "KEY_UPDATE_ERROR",
  15: "AEAD_LIMIT_REACHED",
};
