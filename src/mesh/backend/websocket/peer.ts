import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import type { TLSSocket } from "node:tls";
import { errorText, type TlsClientSource } from "#core";
import { MeshError } from "../../errors.ts";
import type { Session } from "../backend.ts";
import { dialError } from "../dial-error.ts";
import { maxFrameBytes } from "../tcp/framer.ts";
import { connectOptions } from "../tcp/sockets.ts";
import { outwardAgent } from "../proxy-agent.ts";
import { type DialerBackend, type RedialOptions, redialling } from "../redial.ts";
import { checkTlsServer } from "../tls-road.ts";
import { firstOf } from "../first-of.ts";
import { proveNode, readChallenge } from "./node-proof.ts";
import { WebSocketSession } from "./session.ts";
import { openWebSocket } from "./ws.ts";

/** Who this node is, for listeners that cannot see its certificate (decision 15). */
export interface NodeProver {
  readonly nodeId: string;
  /** File with its Ed25519 key, PEM; read when it is asked for. */
  readonly keyFile: string;
}

/** A `ws-peer` section (spec §5.4). */
export interface WebSocketPeerSettings {
  /** `ws://host[:port]/path` or `wss://…`. */
  readonly address: string;
  /** Other ways to the same listener: each dial tries `address` first and then these, in order. */
  readonly alternates?: readonly string[] | undefined;
  /** For `wss:`; without a profile the server is verified against the well-known roots. */
  readonly tls?: TlsClientSource | undefined;
  /** One header more, `Key: value`. */
  readonly extraHeader?: string | undefined;
  /** URL of the HTTP proxy; the environment's when absent. */
  readonly proxy?: string | undefined;
  /** Proves this node's id to a listener that asks for it. */
  readonly prover?: NodeProver | undefined;
  /** Longest message, bytes. Default 65535, as Receptor's roads. */
  readonly maxMessageBytes?: number | undefined;
}

/** A dialer over WebSocket, through the proxy of the environment where it names one. @throws {MeshError} `DIAL_FAILED` */
export function webSocketPeer(settings: WebSocketPeerSettings, options: RedialOptions = {}): DialerBackend {
  const urls = [settings.address, ...(settings.alternates ?? [])].map(parseUrl);
  const headers = parseExtraHeader(settings.extraHeader);
  const dial = (signal: AbortSignal): Promise<Session> =>
    firstOf(urls, shown, signal, async (url, limit) => {
      try {
        return await open(url, headers, settings, limit);
      } catch (error) {
        throw wantsTls(error, url) ?? dialError(error, url.protocol === "wss:");
      }
    });
  return redialling({ description: `ws-peer ${urls.map(shown).join(" or ")}`, dial }, options);
}

/** @throws {MeshError} `PROOF_REFUSED`; what reading the key throws. */
function answerTo(text: string, { nodeId, keyFile }: NodeProver): string {
  const challenge = readChallenge(text);
  if (!challenge) throw new MeshError("PROOF_REFUSED", "the far end wants something proved that is no challenge");
  return JSON.stringify(proveNode(nodeId, challenge, createPrivateKey(readFileSync(keyFile))));
}

function open(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { tls, proxy, prover, maxMessageBytes = maxFrameBytes }: WebSocketPeerSettings,
  signal: AbortSignal,
): Promise<Session> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const { autoSelectFamily, autoSelectFamilyAttemptTimeout } = connectOptions({ host, port: 0 });
  let provenNodeIds: readonly string[] | undefined;
  const client = {
    maxMessageBytes,
    headers,
    origin: `${url.protocol === "wss:" ? "https" : "http"}://${url.host}`,
    answer: prover && ((challenge: string) => answerTo(challenge, prover)),
    agent: outwardAgent(url.href, signal, proxy),
    tls: { ...tls?.options(host), autoSelectFamily, autoSelectFamilyAttemptTimeout },
    checkServer: (socket: TLSSocket) => {
      provenNodeIds = checkTlsServer(tls, socket);
    },
  };
  return openWebSocket(url, client, signal, (open) => {
    return new WebSocketSession(open, { description: `ws ${shown(url)}`, maxMessageBytes, provenNodeIds });
  });
}

/** Servers that speak TLS answer plain HTTP with this. */
function wantsTls(error: unknown, { protocol }: URL): MeshError | undefined {
  const text = errorText(error);
  if (protocol !== "ws:" || text !== "Unexpected server response: 400") return undefined;
  return new MeshError("DIAL_FAILED", `the far end refuses the request: does it want TLS (wss://)? (${text})`);
}

/** @throws {MeshError} `DIAL_FAILED` */
function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === "ws:" || url.protocol === "wss:") && url.hash === "") return url;
  throw new MeshError("DIAL_FAILED", `"${text}" is no WebSocket address: give ws://host/path or wss://host/path`);
}

/** For logs: an address can hold a password, and a query a token. */
function shown(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** Split at the first colon (spec §3.2). @throws {MeshError} `DIAL_FAILED` */
function parseExtraHeader(text: string | undefined): Readonly<Record<string, string>> {
  if (!text) return {};
  const found = /^(?<key>[^:\s]+):(?<value>.*)$/s.exec(text)?.groups;
  if (!found?.["key"]) throw new MeshError("DIAL_FAILED", "extra header must be in the form key:value");
  return { [found["key"]]: (found["value"] ?? "").trim() };
}
