import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, TLSSocket } from "node:tls";
import { WebSocket, WebSocketServer } from "ws";
import { MeshError } from "../../errors.ts";
import { proofHeader, proofVersion } from "./node-proof.ts";

export type { WebSocket } from "ws";

/** What both sides of a road have in common (spec §3.2): no compression, and no message longer than agreed. */
function roadOptions(maxMessageBytes: number) {
  return { perMessageDeflate: false, maxPayload: maxMessageBytes, skipUTF8Validation: true };
}

/** What a client sends and trusts. */
export interface ClientOptions {
  readonly maxMessageBytes: number;
  readonly origin: string;
  /** Answers a listener that wants to know who we are, where it says so; see {@link proofHeader}. */
  readonly answer?: ((challenge: string) => string) | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: Agent | undefined;
  readonly tls: ConnectionOptions;
  /** Sees a TLS connection before a byte of ours is on it. @throws what the dial is to fail with. */
  checkServer(socket: TLSSocket): void;
}

/** A WebSocket that is open, and what it stands on. */
export interface OpenWebSocket {
  readonly webSocket: WebSocket;
  readonly socket: Duplex;
}

/**
 * Open a WebSocket to a `ws:` or `wss:` address.
 *
 * @param take gets it in the very moment it opens: later, messages would be missed.
 */
export function openWebSocket<T>(
  url: URL,
  { maxMessageBytes, origin, headers, answer, agent, tls, checkServer }: ClientOptions,
  signal: AbortSignal,
  take: (open: OpenWebSocket) => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const webSocket = new WebSocket(url, [], {
      ...tls,
      ...roadOptions(maxMessageBytes),
      ...(url.protocol === "wss:" ? { generateMask: noMask } : {}),
      ...(agent ? { agent } : {}),
      origin,
      headers: { ...headers, ...(answer && { [proofHeader]: proofVersion }) },
      finishRequest: (request) => endWhenTrusted(request, checkServer),
    });
    let socket: Duplex | undefined;
    let isAsked = false;
    const aborted = (): void => {
      reject(signal.reason);
      webSocket.terminate();
    };
    webSocket.once("upgrade", (response: IncomingMessage) => {
      socket = response.socket;
      isAsked = answer !== undefined && response.headers[proofHeader.toLowerCase()] === proofVersion;
    });
    const opened = (): void => {
      signal.removeEventListener("abort", aborted);
      if (socket) resolve(take({ webSocket, socket }));
    };
    const failed = (error: unknown): void => {
      signal.removeEventListener("abort", aborted);
      reject(error);
    };
    const asked = (challenge: Buffer, isBinary: boolean): void => {
      try {
        if (isBinary || !answer)
          throw new MeshError("PROOF_REFUSED", "the far end says something else than what to prove");
        webSocket.send(answer(challenge.toString()));
        opened();
      } catch (error) {
        failed(error);
        webSocket.terminate();
      }
    };
    webSocket.once("open", () => (isAsked ? webSocket.once("message", asked) : opened()));
    webSocket.once("close", () => failed(new MeshError("DIAL_FAILED", "the far end hung up before it was a link")));
    webSocket.on("error", failed);
    signal.addEventListener("abort", aborted, { once: true });
    if (signal.aborted) aborted();
  });
}

/**
 * Masks protect proxies from what pages make a browser say (RFC 6455 §10.3). Here no page does, and TLS hides it: a mask of
 * zeros saves both sides to go over each byte.
 */
function noMask(mask: Buffer): void {
  mask.fill(0);
}

/** The headers may hold a secret: they go only to a server that has proved itself. */
function endWhenTrusted(request: ClientRequest, checkServer: (socket: TLSSocket) => void): void {
  request.once("socket", (socket) => {
    if (!(socket instanceof TLSSocket)) return request.end();
    const check = (): void => {
      try {
        checkServer(socket);
        request.end();
      } catch (error) {
        request.destroy(error as Error);
      }
    };
    if (isSecuring(socket)) socket.once("secureConnect", check);
    else check();
  });
}

/** The handshake goes on; the types of Node do not know the property. */
function isSecuring(socket: TLSSocket & { readonly secureConnecting?: boolean }): boolean {
  return socket.secureConnecting === true;
}

/** Turns upgrade requests that were found good into WebSockets. */
export interface Upgrader {
  /** @param headers more of them for the answer. */
  upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    take: (open: OpenWebSocket) => void,
    headers?: Readonly<Record<string, string>>,
  ): void;
}

/** An upgrader for messages up to a length. */
export function upgrader(maxMessageBytes: number): Upgrader {
  const server = new WebSocketServer({
    ...roadOptions(maxMessageBytes),
    noServer: true,
    clientTracking: false,
    // Receptor agrees on no subprotocol, whatever is offered.
    handleProtocols: () => false,
  });
  const more = new WeakMap<IncomingMessage, Readonly<Record<string, string>>>();
  server.on("headers", (lines: string[], request: IncomingMessage) => {
    for (const [name, value] of Object.entries(more.get(request) ?? {})) lines.push(`${name}: ${value}`);
  });
  const upgrade: Upgrader["upgrade"] = (request, socket, head, take, headers = {}) => {
    more.set(request, headers);
    server.handleUpgrade(request, socket, head, (webSocket) => take({ webSocket, socket }));
  };
  return { upgrade };
}
