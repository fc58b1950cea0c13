import { type Environment, type FromEnvironment, takeEnvironment } from "../configuration/environment.ts";
import { readDocument, type ReadDocument } from "../configuration/document-text.ts";
import { type Configured, configurationFrom } from "../configuration/effective.ts";
import { directiveFaults } from "../configuration/directives.ts";
import { secretSource } from "../configuration/secret-source.ts";
import { Identity } from "../agent/identity.ts";
import { type Account, type Mode, type ModePlaces, placesOf, thisAccount } from "../modes/places.ts";
import { serviceAccount } from "../modes/service-account.ts";
import { readSettingsFile } from "../settings/mod.ts";
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { errorText, isJsonObject, type Json, Secret, timeLimit } from "#core";
import { isSecret, markSecrets } from "#fleet";
import type { Check, DoctorFacts, Finding, Verdict } from "./finding.ts";
import { placeChecks } from "./place-checks.ts";
import { reachChecks } from "./reach-checks.ts";

/** Every check, in the order they are told. */
export const checks: readonly Check[] = [...placeChecks, ...reachChecks];

/** A single check may take no longer. */
const checkMs = 10_000;

/** Where to look. */
export interface Patient {
  readonly mode: Mode;
  /** Not changed: secrets stay where they are. */
  readonly env: Readonly<Environment>;
  readonly places?: ModePlaces;
  readonly account?: Account;
  readonly now?: () => number;
}

/** Look at everything (CAT-113). Works without a service, as long as this account may read the folders; changes nothing. */
export async function diagnose(patient: Patient, signal?: AbortSignal): Promise<Finding[]> {
  return await lookAll(factsOf(patient), signal);
}

/** What there is to look at. */
export function factsOf(patient: Patient): DoctorFacts {
  return factsAndEffective(patient).facts;
}

/** The same, the configuration with its sources as far as it can be read, and the secrets that are not to be shown. */
export function factsAndEffective({ mode, env, account = thisAccount(), now = Date.now, ...patient }: Patient) {
  const copy = { ...env };
  const environment = takeEnvironment(copy, readSettingsFile);
  const places = patient.places ?? placesOf(mode, env, account, environment.stateDir);
  const file = places.configFile;
  const isThere = file !== undefined && existsSync(file);
  const machine = { hostName: hostname(), mode, dataDir: places.units };
  const follow = secretSource(copy, readSettingsFile);
  const document = isThere ? documentIn(file) : undefined;
  const configured = configuredBy(document, { machine, environment, follow });
  const values = configured.state === "good" ? configured.effective.values : undefined;
  const faults = configured.state === "good" ? [] : configured.faults;
  const own = values ? directiveFaults(values, { readFile: readSettingsFile }) : [];
  const facts: DoctorFacts = {
    mode,
    places,
    uid: serviceAccount(places)?.uid ?? account.uid,
    values: own.length > 0 ? undefined : values,
    faults: [...faults, ...own].map(({ path, reason }) => (path === "" ? reason : `${path}: ${reason}`)),
    isConfigured: isThere || environment.overrides.length > 0,
    isRegistered: isRegistered(places.state),
    now,
  };
  const effective = configured.state === "good" ? configured.effective : undefined;
  const followed = effective ? revealedTexts(effective.values) : [];
  return { facts, effective, secrets: [...secretsOf(document, environment), ...followed] };
}

type Rest = Omit<Parameters<typeof configurationFrom>[0], "document">;

function configuredBy(read: ReadDocument | undefined, sources: Rest): Configured {
  if (read === undefined) return configurationFrom(sources);
  if ("faults" in read) return { state: "misconfigured", faults: read.faults };
  return configurationFrom({ ...sources, document: { source: "file", document: read.document } });
}

/** That a file cannot be read is the finding of a check of its own. */
function documentIn(file: string): ReadDocument | undefined {
  try {
    return readDocument(readSettingsFile(file), file);
  } catch {
    return undefined;
  }
}

/** All that is a secret by its place, also where the configuration cannot be used. */
function secretsOf(read: ReadDocument | undefined, { overrides }: FromEnvironment): string[] {
  const written = read && "document" in read ? [markSecrets(read.document)] : [];
  return [...written, ...overrides.map(({ value }) => value())].flatMap(secretTexts);
}

function secretTexts(value: Json): string[] {
  if (isSecret(value)) {
    const { $secret } = value;
    return isJsonObject($secret) && typeof $secret.value === "string" ? [$secret.value] : [];
  }
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(secretTexts) : [];
}

/** Also those that references have led to. */
function revealedTexts(value: unknown): string[] {
  if (value instanceof Secret) return [value.reveal()];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(revealedTexts) : [];
}

function isRegistered(state: string): boolean {
  try {
    return new Identity(state).membership() !== undefined;
  } catch {
    return false;
  }
}

/** Make all checks on facts. */
export async function lookAll(facts: DoctorFacts, signal?: AbortSignal): Promise<Finding[]> {
  const verdicts = await Promise.all(checks.map((check) => look(check, facts, signal)));
  signal?.throwIfAborted();
  return verdicts.flatMap((verdict, n) => (verdict ? [{ check: checks[n]?.name ?? "", ...verdict }] : []));
}

async function look(check: Check, facts: DoctorFacts, signal?: AbortSignal): Promise<Verdict | undefined> {
  const limit = timeLimit(checkMs);
  try {
    return await check.look(facts, signal ? AbortSignal.any([signal, limit]) : limit);
  } catch (error) {
    return {
      kind: "fail",
      says: `the check itself failed: ${errorText(error)}`,
      cure: "run it as the service's account",
    };
  }
}

/** How many failures there are: the exit code of `farhand worker doctor`, which a shell cuts at 255. */
export function failures(findings: readonly Finding[]): number {
  return Math.min(findings.filter(({ kind }) => kind === "fail").length, 255);
}
