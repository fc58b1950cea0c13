import { type Agent, type IncomingMessage, request as httpRequest } from "node:http";
import { type RequestOptions, request as httpsRequest } from "node:https";
import { checkServerIdentity, type DetailedPeerCertificate, TLSSocket } from "node:tls";
import { errorText, timeLimit } from "#core";
import { RemoteError } from "#fleet";
import { outwardAgent } from "#mesh";
import { WorkerError } from "../errors.ts";
import { pinFault, pinnedAuthority } from "./pinned-authority.ts";

const maxAnswerBytes = 256 * 1024;
const answerMs = 30_000;

/** By what a server is known before the worker has a membership (CAT-36). */
export interface ServerTrust {
  /** Who vouches for the server, PEM. */
  readonly ca?: string | undefined;
  /** SHA-256 in hex of a certificate that the server shows, its authority's or its own; demanded beside `ca` too. */
  readonly pin?: string | undefined;
  /** Another one that is demanded as well: its enrolment token's. */
  readonly tokenPin?: string | undefined;
  /** URL of the HTTP proxy; the environment's when absent. */
  readonly proxy?: string | undefined;
}

/** The HTTPS port of a server that has proved who it is. */
export interface ServerDoor {
  /** `https://host:port/prefix`, without a slash at its end. */
  readonly url: string;
  /** Who vouches for it besides the well-known authorities, PEM. */
  readonly authorities: string | undefined;
  /** @param path below the address. @throws {WorkerError} ENROLMENT_FAILED. @throws {RemoteError} what it answered. */
  ask(path: string, body: object): Promise<unknown>;
}

/**
 * Find out whether the server is the one that is meant; nothing is shown to it before that is sure.
 *
 * @param serverUrl `https://host:port/prefix`; plain http to a loopback address only.
 * @throws {WorkerError} ENROLMENT_FAILED.
 */
export async function openServerDoor(serverUrl: string, trust: ServerTrust, signal: AbortSignal): Promise<ServerDoor> {
  const url = readUrl(serverUrl);
  const agent = (): Agent | undefined => agentFor(url, trust.proxy, signal);
  const pins = [trust.pin, trust.tokenPin].filter((pin) => pin !== undefined);
  const [pin] = pins;
  if (pin !== undefined && url.protocol !== "https:")
    throw failed(`${url.origin} shows no certificate, and one is pinned`);
  const pinned =
    pin === undefined || trust.ca !== undefined ? undefined : await pinnedAuthority(url, pin, agent(), signal);
  const authorities = trust.ca ?? pinned;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const options = (): RequestOptions => ({
    ...(authorities !== undefined && { ca: authorities }),
    // Behind a proxy, Node does not know for which address the certificate has to be.
    // The whole chain is given to it, whatever its type says.
    checkServerIdentity: (_name, certificate) =>
      checkServerIdentity(host, certificate) ?? pinFault(certificate as DetailedPeerCertificate, pins),
    agent: agent() ?? false,
  });
  return {
    url: url.href.replace(/\/$/, ""),
    authorities,
    ask: (path, body) => ask(new URL(path, url), body, options(), signal),
  };
}

function readUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text.endsWith("/") ? text : `${text}/`);
  } catch {
    throw failed(`${text} is no address: write https://HOST:PORT`);
  }
  const isLoopback = ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback)) return url;
  throw failed(`${text}: a worker registers over https only, and over http with a server on its own machine`);
}

function agentFor(url: URL, proxy: string | undefined, signal: AbortSignal): Agent | undefined {
  try {
    return outwardAgent(url.href, signal, proxy);
  } catch {
    // Not quoted: it may hold a password.
    throw failed("the address of the HTTP proxy is none: write http://[USER:PASSWORD@]HOST:PORT");
  }
}

async function ask(url: URL, body: object, options: RequestOptions, signal: AbortSignal): Promise<unknown> {
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  const json = JSON.stringify(body);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(json) };
  const limit = timeLimit(answerMs, signal);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const asking = request(url, { ...options, method: "POST", headers, signal: limit }, resolve);
    asking.on("error", (error) => reject(failed(`${url.origin} cannot be asked: ${whyNot(error)}`)));
    asking.end(json);
  });
  const { statusCode: status = 500 } = answer;
  if (url.protocol === "https:" && !hasProved(answer)) {
    answer.destroy();
    throw failed(`${url.origin} has not shown who it is: somebody else answers for it`);
  }
  const value = await jsonOf(answer, status, url);
  if (status < 400) return value;
  const { code = "INTERNAL", detail = `HTTP ${status}` } = value as { code?: string; detail?: string };
  throw new RemoteError({ code, message: detail, status });
}

/** The road to the server may have a proxy on it: only what came over TLS is the server's. */
function hasProved({ socket }: IncomingMessage): boolean {
  return socket instanceof TLSSocket && socket.authorized;
}

const untrusted =
  "no authority that is trusted here vouches for its certificate: take a token with its pin, or name the authority with --ca";
const cures: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
};

function whyNot(error: NodeJS.ErrnoException): string {
  const cure = cures[error.code ?? ""];
  return cure === undefined ? errorText(error) : `${cure} (${errorText(error)})`;
}

async function jsonOf(answer: IncomingMessage, status: number, { origin }: URL): Promise<unknown> {
  let text = "";
  try {
    answer.setEncoding("utf8");
    for await (const chunk of answer) {
      text += chunk;
      if (text.length > maxAnswerBytes) throw new Error("the answer is too long");
    }
    return JSON.parse(text);
  } catch (error) {
    // A page of a proxy, say, that does not reach the server.
    const why = status >= 400 ? `HTTP ${status}` : errorText(error);
    throw failed(`${origin} does not answer like a Farhand server: ${why}`);
  }
}

const failed = (why: string): WorkerError => new WorkerError("ENROLMENT_FAILED", why);
