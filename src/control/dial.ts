import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { errorText, FarhandError, refuseTlsServer, systemCode, type TlsClientProfile, tlsClientOptions } from "#core";
import { type ControlAddress, unixPathFault } from "./address.ts";
import { streamBuffer } from "./bound-server.ts";
import { type controlErrors, ControlError } from "./errors.ts";
import { hostAndPort } from "./listen-address.ts";

/** A stream that is being connected. */
export interface Dialled {
  readonly stream: Socket;
  /** Break it so that the server sees a broken connection and not a clean end of input. */
  reset(): void;
}

const socketOptions = { allowHalfOpen: true, noDelay: true, highWaterMark: streamBuffer };

/** Begin to connect; the stream fails later with what {@link dialError} explains. @throws {TlsProfileError} */
export function dial(address: ControlAddress): Dialled {
  if (address.kind === "tls") return dialTls(address.host, address.port, address.tls);
  if (address.kind === "tcp") {
    const stream = connect({ ...socketOptions, host: address.host, port: address.port });
    return { stream, reset: () => void stream.resetAndDestroy() };
  }
  const fault = unixPathFault(address.path);
  if (fault) throw new ControlError("ADDRESS_INVALID", `cannot connect to ${address.path}: ${fault}`);
  const stream = connect({ ...socketOptions, path: address.path });
  return { stream, reset: () => void stream.destroy() };
}

function dialTls(host: string, port: number, profile: TlsClientProfile): Dialled {
  const options = tlsClientOptions(profile, host);
  const socket = connect({ ...socketOptions, host, port });
  const stream = connectTls({ ...options, ...socketOptions, socket });
  stream.once("secureConnect", () => {
    const refusal = refuseTlsServer(profile, stream);
    if (refusal) stream.destroy(new ControlError("TLS_UNTRUSTED", `${hostAndPort(host, port)}: ${refusal}`));
  });
  // Below TLS even a reset may be taken for a clean end. Bytes that are no TLS cannot be.
  const reset = (): void => void socket.end("broken off\n", () => stream.destroy());
  return { stream, reset };
}

/** An address for people. */
export function addressText(address: ControlAddress): string {
  return address.kind === "unix" ? address.path : `${address.kind}://${hostAndPort(address.host, address.port)}`;
}

/** The error for a connection to `address` that failed before its banner came. */
export function dialError(address: ControlAddress, cause: unknown): Error {
  if (cause instanceof FarhandError) return cause;
  const where = addressText(address);
  const [code, why] = explain(address, cause);
  // A host with several addresses fails with all their errors at once, which has a code but no text.
  const detail = cause ? ` (${errorText(cause) || systemCode(cause)})` : "";
  return new ControlError(code, `${where}: ${why}${detail}`, { cause });
}

type Explanation = readonly [keyof typeof controlErrors, string];

const untrusted = "the server's certificate is not signed by a CA that is trusted here: name its CA with rootcas";
const expired = "the server's certificate has expired or is not valid yet: renew it, or check the clocks";

const explanations: Readonly<Record<string, Explanation>> = {
  ENOENT: ["SOCKET_MISSING", "there is no such socket: is the daemon running, and does it open its socket here?"],
  EACCES: ["CONNECTION_DENIED", "this user may not open the socket: use the daemon's user or widen its permissions"],
  EPERM: ["CONNECTION_DENIED", "this user may not open the socket: use the daemon's user or widen its permissions"],
  ECONNREFUSED: ["CONNECTION_REFUSED", "nobody listens there: is the daemon running?"],
  ENOTSOCK: ["NOT_RECEPTOR", "this file is no socket"],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ["TLS_UNTRUSTED", untrusted],
  UNABLE_TO_GET_ISSUER_CERT: ["TLS_UNTRUSTED", untrusted],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ["TLS_UNTRUSTED", untrusted],
  SELF_SIGNED_CERT_IN_CHAIN: ["TLS_UNTRUSTED", untrusted],
  DEPTH_ZERO_SELF_SIGNED_CERT: ["TLS_UNTRUSTED", untrusted],
  CERT_SIGNATURE_FAILURE: ["TLS_UNTRUSTED", untrusted],
  INVALID_PURPOSE: ["TLS_UNTRUSTED", "the server's certificate is not one for servers"],
  CERT_HAS_EXPIRED: ["TLS_UNTRUSTED", expired],
  CERT_NOT_YET_VALID: ["TLS_UNTRUSTED", expired],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    "TLS_NAME_MISMATCH",
    "the server's certificate is for other names: connect by one of them",
  ],
};

function explain(address: ControlAddress, cause: unknown): Explanation {
  const code = systemCode(cause) ?? "";
  const known = explanations[code];
  if (known) return known;
  if (/ALERT/.test(code)) return ["TLS_REFUSED", "the server turned us away: does it require a client certificate?"];
  if (code.startsWith("ERR_SSL") || code === "EPROTO")
    return ["TLS_FAILED", "the TLS handshake failed: does the server speak TLS at this port?"];
  if (address.kind === "tls" && (code === "ECONNRESET" || code === "EPIPE" || !cause))
    return ["TLS_REFUSED", "the server hung up: does it speak TLS, and does it require a client certificate?"];
  if (!cause) return ["NOT_RECEPTOR", "the connection ended before a banner came: is this a control service?"];
  return ["CONNECTION_FAILED", "cannot be reached"];
}
