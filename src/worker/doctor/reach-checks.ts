import { X509Certificate } from "node:crypto";
import { lookup } from "node:dns/promises";
import { existsSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { request as secureRequest } from "node:https";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { createSecureContext, rootCertificates, TLSSocket } from "node:tls";
import { errorText, pinnedFault, systemCode } from "#core";
import { entitlementEnds, entitlementTerm } from "#fleet";
import type { WorkerConfiguration } from "../configuration/effective.ts";
import { ownEntitlement } from "../configuration/own-entitlement.ts";
import { type Check, type DoctorFacts, fail, ok, type Verdict, warning } from "./finding.ts";
import { isHeld } from "./place-checks.ts";

/** A clock further off is worth a word; nothing depends on it (CAT-124). */
const tolerableMs = 30_000;

/** Checks of the ways in and out: API, server, registration, roles (CAT-113, CAT-114). */
export const reachChecks: readonly Check[] = [
  { name: "API", look: ({ values }) => values && apiSwitch(values.api) },
  { name: "API port", look: (facts) => facts.values && portFree(facts, facts.values.api) },
  { name: "API certificate", look: ({ values, now }) => values && tlsPair(values.api, now()) },
  { name: "server name", look: ({ values }) => withServer(values, serverName) },
  { name: "server port", look: ({ values }, signal) => withServer(values, (url) => serverPort(url, signal)) },
  {
    name: "server TLS",
    look: ({ values, places }, signal) =>
      withServer(values, (url, server) => serverTls(url, () => trustOf(server, places.state), signal)),
  },
  {
    name: "clock",
    look: ({ values, places, now }, signal) =>
      withServer(values, (url, server) => clockOffset(url, () => trustOf(server, places.state), now, signal)),
  },
  {
    name: "registration",
    look: ({ values, isRegistered }) => withServer(values, () => registered(isRegistered, values)),
  },
  { name: "roles", look: ({ values }) => withServer(values, () => rolesMap(values)) },
  { name: "entitlement", look: ({ values, now }) => entitlement(values, now()) },
];

type Server = WorkerConfiguration["server"];
type Api = WorkerConfiguration["api"];

/** Only the first address is looked at: it is the best one. */
function withServer<T>(values: WorkerConfiguration | undefined, look: (url: URL, server: Server) => T): T | undefined {
  const [first] = values?.server.urls ?? [];
  return values && first !== undefined ? look(new URL(first), values.server) : undefined;
}

function apiSwitch({ enabled, listen, port }: Api): Verdict {
  return ok(
    enabled ? `it listens on ${listen}:${port}` : "it is off: the worker is reached by its socket and its server",
  );
}

/** While our own service runs, the port is taken by it. */
async function portFree({ places }: DoctorFacts, { enabled, listen, port }: Api): Promise<Verdict | undefined> {
  if (!enabled || port === 0 || isHeld(places.state)) return undefined;
  const fault = await listenFault(listen, port);
  if (fault === undefined) return ok(`${port} is free`);
  const cure = `end what holds it (\`ss -ltnp sport = :${port}\` names it), or choose another /api/port`;
  return fail(`${listen}:${port} cannot be listened on (${fault})`, cure);
}

function listenFault(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve(systemCode(error) ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

function tlsPair({ enabled, cert, key }: Api, now: number): Verdict | undefined {
  if (!enabled || cert === null || key === null) return undefined;
  try {
    const text = readFileSync(cert);
    createSecureContext({ cert: text, key: readFileSync(key) });
    const { validTo } = new X509Certificate(text);
    if (Date.parse(validTo) > now) return ok(`${cert} and ${key} match`);
    return fail(`${cert} ran out on ${validTo}`, "get a new certificate");
  } catch (error) {
    return fail(`${cert} and ${key} do not go together: ${errorText(error)}`, "name the certificate and its own key");
  }
}

async function serverName({ hostname }: URL): Promise<Verdict> {
  try {
    const { address } = await lookup(bare(hostname));
    return ok(`${hostname} is ${address}`);
  } catch (error) {
    return fail(
      `the name ${hostname} is not known (${systemCode(error) ?? errorText(error)})`,
      "look at /server/urls and the DNS",
    );
  }
}

async function serverPort(url: URL, signal: AbortSignal): Promise<Verdict | undefined> {
  const { host, port } = addressOf(url);
  if (!(await isKnown(host))) return undefined;
  const fault = await dialFault(host, port, signal);
  if (fault === undefined) return ok(`${host}:${port} answers`);
  return fail(
    `${host}:${port} does not answer (${fault})`,
    "is the server running, and does a firewall stand between?",
  );
}

/** By what the server's certificate is judged. */
interface Trust {
  readonly pin: string | null;
  /** PEM; undefined: the system's authorities alone. */
  readonly ca: string[] | undefined;
}

/** What the configuration says, and what the worker was told when it joined; the same as its road goes by. */
function trustOf({ pin, caFile }: Server, stateFolder: string): Trust {
  const joined = join(stateFolder, "port-authorities.crt");
  const own = [caFile ?? "", existsSync(joined) ? joined : ""].filter((path) => path !== "");
  if (own.length === 0) return { pin, ca: undefined };
  const named = own.map((path) => readFileSync(path, "utf8"));
  return { pin, ca: caFile === null ? [...named, ...rootCertificates] : named };
}

async function serverTls(url: URL, trusted: () => Trust, signal: AbortSignal): Promise<Verdict | undefined> {
  if (url.protocol !== "https:" || !(await answers(url, signal))) return undefined;
  try {
    const trust = trusted();
    const { certificate } = await headOf(url, trust, signal);
    const fault = pinnedFault(certificate, pinsOf(trust));
    return fault === undefined
      ? ok("its certificate is good")
      : fail(fault, "compare /server/pin with what the server prints");
  } catch (error) {
    return fail(
      `its certificate is not trusted: ${errorText(error)}`,
      "name its authority in /server/caFile, or its fingerprint in /server/pin",
    );
  }
}

async function clockOffset(
  url: URL,
  trusted: () => Trust,
  now: () => number,
  signal: AbortSignal,
): Promise<Verdict | undefined> {
  if (!(await answers(url, signal))) return undefined;
  try {
    const { date } = await headOf(url, trusted(), signal);
    if (date === undefined) return undefined;
    const offset = Date.parse(date) - now();
    const seconds = Math.round(Math.abs(offset) / 1000);
    if (Math.abs(offset) <= tolerableMs) return ok(`at most ${seconds} s apart from the server's`);
    const way = offset > 0 ? "behind" : "ahead of";
    return warning(
      `this clock is ${seconds} s ${way} the server's`,
      "keep the time by NTP; nothing depends on it but logs",
    );
  } catch {
    // What is wrong there was said by the check of its TLS.
    return undefined;
  }
}

function registered(isRegistered: boolean, values: WorkerConfiguration | undefined): Verdict {
  if (isRegistered) return ok("the server has let it in; whether it is connected, `farhand worker status` says");
  const hasToken = values?.server.enrolmentToken !== null;
  const cure = hasToken
    ? "start the worker: it has a token"
    : "`farhand worker join URL --token-file FILE`, or approve it on the server";
  return warning("the worker is not registered yet", cure);
}

function rolesMap(values: WorkerConfiguration | undefined): Verdict {
  const roles = Object.entries(values?.remoteAccess.roles ?? {}).filter(([, level]) => level !== "none");
  if (roles.length > 0) return ok(roles.map(([role, level]) => `${role}: ${level}`).join(", "));
  return fail(
    "/remoteAccess/roles gives nobody a level: no user of the server can reach it",
    'write `remoteAccess: {roles: {admin: admin, "*": monitor}}`',
  );
}

/** Form and dates; who signed it, and for which server, is for that server to say (CAT-98). */
function entitlement(values: WorkerConfiguration | undefined, now: number): Verdict | undefined {
  try {
    const own = ownEntitlement(values?.entitlement ?? null);
    if (!own) return undefined;
    const { id, notBefore, notAfter } = own.document;
    const until = new Date(notAfter).toISOString();
    const cure = "ask who issued it for the next one; `farhand worker entitlement FILE` enters it";
    const term = entitlementTerm(own.document, now);
    if (term === "over") return fail(`the entitlement ${id} ended at ${until}`, cure);
    if (term === "early")
      return warning(
        `the entitlement ${id} begins at ${new Date(notBefore).toISOString()}`,
        "wait, or look at the clock",
      );
    return entitlementEnds(own.document, now)
      ? warning(`the entitlement ${id} ends at ${until}`, cure)
      : ok(`${id}, until ${until}`);
  } catch (error) {
    return fail(
      `/entitlement cannot be used: ${errorText(error)}`,
      "put the entitlement there, or remove /entitlement",
    );
  }
}

/** What is looked at of an answer, whatever it is. */
interface Head {
  readonly date: string | undefined;
  /** DER; undefined without TLS. */
  readonly certificate: Buffer | undefined;
}

function headOf(url: URL, { pin, ca }: Trust, signal: AbortSignal): Promise<Head> {
  // With a pin alone, nobody's word but the certificate itself counts.
  const rejectUnauthorized = pin === null || ca !== undefined;
  const options = { method: "HEAD", agent: false, signal, rejectUnauthorized, ...(ca && { ca }) };
  return new Promise((resolve, reject) => {
    const call = (url.protocol === "https:" ? secureRequest : request)(url, options);
    call.once("error", reject);
    call.once("response", ({ headers, socket }) => {
      const certificate = socket instanceof TLSSocket ? socket.getPeerCertificate().raw : undefined;
      resolve({ date: headers.date, certificate });
      call.destroy();
    });
    call.end();
  });
}

function pinsOf({ pin }: Trust): string[] {
  return pin === null ? [] : [pin.replace(/^sha256:/i, "")];
}

function addressOf({ hostname, port, protocol }: URL) {
  return { host: bare(hostname), port: Number(port || (protocol === "https:" ? 443 : 80)) };
}

const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, "");

async function isKnown(host: string): Promise<boolean> {
  return await lookup(host).then(
    () => true,
    () => false,
  );
}

async function answers(url: URL, signal: AbortSignal): Promise<boolean> {
  const { host, port } = addressOf(url);
  return (await dialFault(host, port, signal)) === undefined;
}

function dialFault(host: string, port: number, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (fault?: string) => {
      socket.destroy();
      resolve(fault);
    };
    socket.once("connect", () => end()).once("error", (error) => end(systemCode(error) ?? error.message));
    if (signal.aborted) end("no answer in time");
    signal.addEventListener("abort", () => end("no answer in time"), { once: true });
  });
}
