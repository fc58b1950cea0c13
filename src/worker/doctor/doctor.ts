import type { Environment } from "../configuration/environment.ts";
import { takeEnvironment } from "../configuration/environment.ts";
import { readDocument } from "../configuration/document-text.ts";
import { type Configured, configurationFrom } from "../configuration/effective.ts";
import { directiveFaults } from "../configuration/directives.ts";
import { secretSource } from "../configuration/secret-source.ts";
import { Identity } from "../agent/identity.ts";
import { type Account, type Mode, type ModePlaces, placesOf, thisAccount } from "../modes/places.ts";
import { readSettingsFile } from "../settings/mod.ts";
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { errorText } from "#core";
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

/** What there is to look at, and the configuration as far as it can be read. */
export function factsOf({ mode, env, account = thisAccount(), now = Date.now, ...patient }: Patient): DoctorFacts {
  const copy = { ...env };
  const environment = takeEnvironment(copy, readSettingsFile);
  const places = patient.places ?? placesOf(mode, env, account, environment.stateDir);
  const file = places.configFile;
  const isThere = file !== undefined && existsSync(file);
  const machine = { hostName: hostname(), mode, dataDir: places.units };
  const follow = secretSource(copy, readSettingsFile);
  const configured = configuredBy(isThere ? file : undefined, { machine, environment, follow });
  const values = configured.state === "good" ? configured.effective.values : undefined;
  const faults = configured.state === "good" ? [] : configured.faults;
  const own = values ? directiveFaults(values, { readFile: readSettingsFile }) : [];
  return {
    mode,
    places,
    uid: account.uid,
    values: own.length > 0 ? undefined : values,
    faults: [...faults, ...own].map(({ path, reason }) => (path === "" ? reason : `${path}: ${reason}`)),
    isConfigured: isThere || environment.overrides.length > 0,
    isRegistered: isRegistered(places.state),
    now,
  };
}

type Rest = Omit<Parameters<typeof configurationFrom>[0], "document">;

function configuredBy(file: string | undefined, sources: Rest): Configured {
  if (file === undefined) return configurationFrom(sources);
  try {
    const read = readDocument(readSettingsFile(file), file);
    if ("faults" in read) return { state: "misconfigured", faults: read.faults };
    return configurationFrom({ ...sources, document: { source: "file", document: read.document } });
  } catch {
    // That it cannot be read is the finding of another check.
    return configurationFrom(sources);
  }
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
  const limit = AbortSignal.timeout(checkMs);
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
