import { X509Certificate } from "node:crypto";
import { timeLimit } from "#core";
import { readText } from "../files.ts";
import { CliError } from "../errors.ts";
import { oneLine } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";
import { ApiClient } from "./api-client.ts";
import { connectFault, isCertificateFault, untrusted } from "./connect-fault.ts";
import { openKeyboard } from "./keyboard.ts";
import { objectIn } from "./shapes.ts";
import { certificateToAskAbout, parsePin, sha256Of, shownChain, type Trust, trustIn } from "./trust.ts";

const connectMs = 15_000;

/** How the user says whom to trust. */
export interface TrustOptions {
  readonly ca?: string;
  readonly pin?: string;
}

/**
 * By what to know a server from now on, tried once: what the options say, else the roots of this machine, else what the
 * user says of the certificate it shows.
 *
 * @throws {CliError} `SERVER_UNTRUSTED`, `SERVER_UNREACHABLE`, `ANSWER_INVALID` when it is no server of Farhand.
 */
export async function meetServer(url: URL, { ca, pin }: TrustOptions, terminal: Terminal): Promise<Trust> {
  if (ca !== undefined && pin !== undefined) throw new CliError("USAGE", "give one of --ca and --pin, not both");
  if (ca !== undefined) return await greeted(url, { kind: "authority", pem: await authorityIn(ca) });
  if (url.protocol === "http:") return await greeted(url, { kind: "roots" });
  if (pin !== undefined) return await greeted(url, await pinned(url, parsePin(pin)));
  try {
    return await greeted(url, { kind: "roots" });
  } catch (error) {
    if (!(error instanceof CliError) || !isCertificateFault(error.cause)) throw error;
    return await greeted(url, await askedAbout(url, error, terminal));
  }
}

async function greeted(url: URL, trust: Trust): Promise<Trust> {
  const api = new ApiClient({ url, trust });
  try {
    const { name } = objectIn(await api.ask("GET", ""));
    if (name === "farhand") return trust;
    throw new CliError("ANSWER_INVALID", `${url.host} is no server of Farhand`);
  } finally {
    api.close();
  }
}

async function authorityIn(path: string): Promise<string> {
  const pem = await readText(path);
  try {
    void new X509Certificate(pem);
  } catch (cause) {
    throw new CliError("USAGE", `${path} holds no certificate (PEM)`, { cause });
  }
  return pem;
}

/** A pin of the authority, as in an enrolment token, or of the server's own certificate. */
async function pinned(url: URL, sha256: string): Promise<Trust> {
  const chain = await chainOf(url);
  const found = chain.find((certificate) => sha256Of(certificate) === sha256);
  // A pinned certificate that is not the server's own and no root proves nothing of the server.
  const trust = found && trustIn(chain, found);
  if (trust && (trust.kind === "authority" || found === chain[0])) return trust;
  throw untrusted(url, `it shows no certificate with the fingerprint sha256:${sha256}`);
}

async function askedAbout(url: URL, fault: CliError, terminal: Terminal): Promise<Trust> {
  const chain = await chainOf(url);
  const certificate = certificateToAskAbout(chain);
  if (!certificate) throw fault;
  const keyboard = openKeyboard(terminal, "--ca FILE or --pin sha256:… says whom to trust");
  const trust = trustIn(chain, certificate);
  const { subject, validTo } = new X509Certificate(certificate);
  terminal.say(fault.message);
  terminal.say(`${trust.kind === "authority" ? "authority" : "certificate"}: ${oneLine(subject)}, until ${validTo}`);
  terminal.say(`fingerprint: sha256:${sha256Of(certificate)}`);
  if (await keyboard.confirm("Is that the one the server's keeper told you? Trust it from now on (yes/no) "))
    return trust;
  throw fault;
}

async function chainOf(url: URL): Promise<Buffer[]> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  try {
    return await shownChain(host, Number(url.port || 443), timeLimit(connectMs));
  } catch (error) {
    throw connectFault(url, error);
  }
}
