import { type IncomingMessage, request as httpRequest } from "node:http";
import { type RequestOptions, request as httpsRequest } from "node:https";
import { errorText } from "#core";
import { Challenge, type EnrolmentToken, Registered, RemoteError } from "#fleet";
import { WorkerError } from "../errors.ts";
import type { Identity, Membership } from "./identity.ts";
import type { Instance, SelfDescription } from "./instance.ts";
import { pinnedAuthority } from "./pinned-authority.ts";

const maxAnswerBytes = 256 * 1024;
const answerMs = 30_000;

export interface Enrolling {
  /** `https://host:port/prefix`; plain http to a loopback address only. */
  readonly serverUrl: string;
  readonly token: EnrolmentToken;
  readonly identity: Identity;
  readonly instance: Instance;
  readonly self: SelfDescription;
  /** Who vouches for the server, PEM; absent: the token's pin, or the well-known authorities. */
  readonly ca?: string;
  readonly sameMachine?: "replace" | "add";
  readonly signal: AbortSignal;
}

/**
 * The first registration (CAT-33, CAT-36): with a token, over HTTPS, to a server that is known by the token's pin. The
 * token is shown only when that is sure.
 *
 * @throws {WorkerError} ENROLMENT_FAILED, STATE_UNUSABLE. @throws {RemoteError} what the server answered.
 */
export async function enrol(enrolling: Enrolling): Promise<Membership> {
  const { token, identity, instance, self, sameMachine } = enrolling;
  const server = await serverOf(enrolling);
  const challenge = checked(Challenge, await server.ask("api/enrol/challenge", {}));
  const said = instance.registration(identity.key(), challenge, self, {
    token: { id: token.id, secret: token.secret },
    ...(sameMachine && { sameMachine }),
  });
  const registered = checked(Registered, await server.ask("api/enrol", said));
  return identity.keep(registered, server.url);
}

async function serverOf({ serverUrl, token, ca, signal }: Enrolling) {
  const url = readUrl(serverUrl);
  const pinned = ca ?? (token.pin === undefined ? undefined : await pinnedAuthority(url, token.pin, signal));
  const trust: RequestOptions = pinned === undefined ? {} : { ca: pinned };
  return {
    url: url.href.replace(/\/$/, ""),
    ask: (path: string, body: object) => ask(new URL(path, url), body, trust, signal),
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

async function ask(url: URL, body: object, trust: RequestOptions, signal: AbortSignal): Promise<unknown> {
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  const json = JSON.stringify(body);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(json) };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const asking = request(url, { ...trust, method: "POST", headers, agent: false, signal: limit }, resolve);
    asking.on("error", (error) => reject(failed(`${url.origin} cannot be asked: ${errorText(error)}`)));
    asking.end(json);
  });
  const value = await jsonOf(answer, url);
  const { statusCode: status = 500 } = answer;
  if (status < 400) return value;
  const { code = "INTERNAL", detail = `HTTP ${status}` } = value as { code?: string; detail?: string };
  throw new RemoteError({ code, message: detail, status });
}

async function jsonOf(answer: IncomingMessage, { origin }: URL): Promise<unknown> {
  let text = "";
  try {
    answer.setEncoding("utf8");
    for await (const chunk of answer) {
      text += chunk;
      if (text.length > maxAnswerBytes) throw new Error("the answer is too long");
    }
    return JSON.parse(text);
  } catch (error) {
    throw failed(`${origin} does not answer like a Farhand server: ${errorText(error)}`);
  }
}

function checked<T>(
  schema: { safeParse(value: unknown): { success: boolean; data?: T | undefined } },
  value: unknown,
): T {
  const { success, data } = schema.safeParse(value);
  if (success) return data as T;
  throw failed("the server's answer is not what it should be: do both run versions that fit?");
}

const failed = (why: string): WorkerError => new WorkerError("ENROLMENT_FAILED", why);
