import { homedir } from "node:os";
import { join } from "node:path";
import type { TlsClientProfile } from "#core";
import { ControlError } from "./errors.ts";

/** Where a control service is. */
export type ControlAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "tls"; readonly host: string; readonly port: number; readonly tls: TlsClientProfile };

/**
 * The address of a control service as receptorctl writes it (spec §6.1): `tcp://HOST:PORT`, `tls://HOST:PORT`,
 * `unix:PATH` or `PATH`; the slashes may be left out, `~` is the home folder, IPv6 hosts may stand in brackets.
 *
 * The profile counts for `tls` only; without one the server is verified against the well-known roots.
 *
 * @throws {ControlError} `ADDRESS_INVALID`
 */
export function parseControlAddress(text: string, tls: TlsClientProfile = {}): ControlAddress {
  const network = /^(?<kind>tcp|tls):(?:\/\/)?(?<host>\[[^[\]]+\]|[^[\]/]+):(?<port>\d{1,5})$/.exec(text)?.groups;
  if (network) return networkAddress(text, network, tls);
  const path = /^(?:unix:(?:\/\/)?)?(?<path>[^:]+)$/.exec(text)?.groups?.["path"];
  if (path === undefined) throw invalid(text);
  return { kind: "unix", path: expandHome(path) };
}

function networkAddress(
  text: string,
  { kind, host = "", port: digits }: Record<string, string | undefined>,
  tls: TlsClientProfile,
): ControlAddress {
  const port = Number(digits);
  if (port < 1 || port > 65535) throw invalid(text);
  const place = { host: host.replace(/^\[(.*)\]$/, "$1"), port };
  return kind === "tls" ? { kind: "tls", ...place, tls } : { kind: "tcp", ...place };
}

function invalid(text: string): ControlError {
  return new ControlError(
    "ADDRESS_INVALID",
    `"${text}" is no control address: give PATH, unix:PATH, tcp://HOST:PORT or tls://HOST:PORT`,
  );
}

function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}

/** Why a path cannot be that of a Unix socket, or undefined. The system would silently cut a long one. */
export function unixPathFault(path: string): string | undefined {
  const bytes = Buffer.byteLength(path);
  return bytes > 107 ? `the path has ${bytes} bytes and a Unix socket's may have 107: choose a shorter one` : undefined;
}
