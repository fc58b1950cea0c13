import type { Server } from "node:http";
import type { Socket } from "node:net";
import { systemCode } from "#core";
import { MeshError } from "../errors.ts";
import type { SparingLog } from "./sparing-log.ts";

/** The first words of TLS, where none was expected: a client's greeting, or a server's complaint about ours. */
export type TlsWord = "greeting" | "complaint";

/** Longest record of TLS, bytes (RFC 8446 §5.2, and RFC 5246 §6.2.3 for those before it). */
const maxRecordBytes = 16_384 + 2048;

/**
 * Whether what came first on a connection is TLS. No first message of a Receptor road looks like it: as a length and a
 * routing update, the bytes that are the record's length would be `{"`.
 */
export function tlsWordIn(first: Uint8Array): TlsWord | undefined {
  const [type, major, minor = 255, high = 255, low = 255, handshake] = first;
  if (major !== 3 || minor > 4) return undefined;
  const length = high * 256 + low;
  if (type === 22 && handshake === 1 && length <= maxRecordBytes) return "greeting";
  return type === 21 && length === 2 ? "complaint" : undefined;
}

/** The error for it: one side uses TLS and the other, this one, does not. */
export function tlsMismatch(word: TlsWord): MeshError {
  const what = word === "greeting" ? "the far end speaks TLS, and this listener does not" : "the far end wants TLS";
  return new MeshError("TLS_MISMATCH", `${what}: give both sides a tls profile, or neither`);
}

const statuses: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** Answer what is no HTTP as Node would, and say so when it is TLS. */
export function noticeTls(server: Server, name: string, log: SparingLog): void {
  server.on("clientError", (error: Error & { readonly rawPacket?: Buffer }, socket: Socket) => {
    const word = error.rawPacket && tlsWordIn(error.rawPacket);
    if (word)
      log.warn(`${name} refused a client: ${tlsMismatch(word).message}`, { remoteAddress: socket.remoteAddress });
    const code = systemCode(error) ?? "";
    if (!socket.writable || code === "ECONNRESET") return void socket.destroy();
    socket.end(`HTTP/1.1 ${statuses[code] ?? "400 Bad Request"}\r\nConnection: close\r\n\r\n`, () => socket.destroy());
  });
}
