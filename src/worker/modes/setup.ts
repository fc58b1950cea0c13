import { mkdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { Closers, type Clock, errorText, type Log, systemClock } from "#core";
import { Identity } from "../agent/identity.ts";
import { CloudConfiguration } from "../configuration/cloud-configuration.ts";
import type { ApplyChanges, Configuration } from "../configuration/configuration.ts";
import { type DirectiveContext, directiveFaults, directivesFrom } from "../configuration/directives.ts";
import { type Environment, type FromEnvironment, takeEnvironment } from "../configuration/environment.ts";
import { FileConfiguration, type FileConfigurationOptions } from "../configuration/file-configuration.ts";
import { liveWarnings } from "../configuration/live-checks.ts";
import { secretSource } from "../configuration/secret-source.ts";
import { WorkerError } from "../errors.ts";
import { OwnFactor } from "../management/own-factor.ts";
import { type Directive, readSettingsFile } from "../settings/mod.ts";
import { chooseMode } from "./choose-mode.ts";
import { type Account, type Mode, type ModePlaces, placesOf, thisAccount } from "./places.ts";
import { becomeServiceAccount, serviceAccount } from "./service-account.ts";
import { lockState } from "./state-lock.ts";

export interface SetupOptions {
  /** As the command line says; else the environment decides. */
  readonly mode?: Mode | undefined;
  /** `process.env`: secrets are taken out of it (CAT-106). */
  readonly env: Environment;
  readonly apply: ApplyChanges;
  readonly returned?: FileConfigurationOptions["returned"];
  readonly log: Log;
  readonly clock?: Clock;
  /** Tests name folders of their own. */
  readonly places?: ModePlaces;
  readonly account?: Account;
}

/** What a worker starts from: its mode, its folders (held until `close()`), its configuration. */
export interface Setup {
  readonly mode: Mode;
  readonly places: ModePlaces;
  readonly configuration: Configuration;
  /** The same, where the server holds it: versions that come are offered to it. */
  readonly cloud: CloudConfiguration | undefined;
  /** The worker's own second factor, in the state folder (CAT-70). */
  readonly factor: OwnFactor;
  /** What the environment decides, also while there is no document that it could be laid over. */
  readonly environment: FromEnvironment;
  /** Who it is, and whether it is a server's (its folder is the state folder). */
  readonly identity: Identity;
  /** The daemon's settings of what the worker goes by; undefined while there is nothing it could (CAT-9, CAT-12). */
  directives(): Directive[] | undefined;
  close(): Promise<void>;
}

/**
 * Find out how this worker is set up, hold its state folder, and open its configuration wherever that is.
 *
 * @throws {WorkerError} MODE_INVALID, STATE_IN_USE, STATE_UNUSABLE, CONFIG_UNSAFE; then nothing is held.
 */
export async function openSetup(options: SetupOptions): Promise<Setup> {
  const { env, clock = systemClock, account = thisAccount() } = options;
  const environment = takeEnvironment(env, readSettingsFile);
  const mode = modeOf(options, environment, account);
  const places = options.places ?? placesOf(mode, env, account, environment.stateDir);
  becomeServiceAccount(places);
  const closers = new Closers();
  try {
    closers.add(lockState(places.state, mode, clock));
    const identity = new Identity(places.state);
    const factor = openFactor(places.state, clock);
    const parts = { ...options, clock, account, environment, mode, places, identity };
    const cloud = places.configFile === undefined ? await openCloud(parts) : undefined;
    const configuration = closers.add(cloud ?? (await openFile(parts)));
    return {
      mode,
      places,
      configuration,
      cloud,
      environment,
      factor,
      identity,
      directives() {
        const { running } = configuration;
        return running && directivesFrom(running.values, directiveContext(places, identity));
      },
      close: () => closers.close(),
    };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** @throws {WorkerError} STATE_UNUSABLE: a factor that cannot be read must not count as none. */
function openFactor(state: string, clock: Clock): OwnFactor {
  const file = join(state, "factor.json");
  try {
    return new OwnFactor({ file, clock });
  } catch (error) {
    throw new WorkerError(
      "STATE_UNUSABLE",
      `the worker's second factor in ${file} cannot be read: ${errorText(error)}`,
    );
  }
}

interface Parts extends SetupOptions {
  readonly clock: Clock;
  readonly account: Account;
  readonly environment: FromEnvironment;
  readonly mode: Mode;
  readonly places: ModePlaces;
  readonly identity: Identity;
}

/** A worker that is registered needs no credential in its environment any more. */
function modeOf({ mode, env, places }: SetupOptions, environment: FromEnvironment, account: Account): Mode {
  const { state } = places ?? placesOf("cloud", env, account, environment.stateDir);
  const isRegistered = new Identity(state).membership() !== undefined;
  return chooseMode(mode, environment, { isRoot: account.uid === 0, isRegistered });
}

function openFile({ places, account, mode, ...parts }: Parts): Promise<FileConfiguration> {
  const file = places.configFile ?? "";
  mkdirSync(dirname(file), { recursive: true, mode: mode === "session" ? 0o700 : 0o755 });
  return FileConfiguration.open({
    ...sources({ places, mode, ...parts }),
    file,
    fileMode: places.configMode,
    folder: join(places.state, "configuration"),
    owners: places.group === undefined ? undefined : { uid: serviceAccount(places)?.uid ?? account.uid },
    clock: parts.clock,
    returned: parts.returned,
  });
}

function openCloud(parts: Parts): Promise<CloudConfiguration> {
  const { environment, places } = parts;
  const cacheFile = join(places.state, "cloud-configuration.json");
  return CloudConfiguration.open({ ...sources(parts), name: environment.configName ?? "default", cacheFile });
}

function sources({ env, environment, places, identity, mode, apply, log }: Omit<Parts, "account">) {
  return {
    machine: { hostName: hostname(), mode, dataDir: places.units },
    environment,
    follow: secretSource(env, (path) => readFileSync(path, "utf8")),
    checks: {
      faults: ({ values }: Parameters<ApplyChanges>[0]) => directiveFaults(values, directiveContext(places, identity)),
      warnings: ({ values }: Parameters<ApplyChanges>[0], signal?: AbortSignal) => liveWarnings(values, signal),
    },
    apply,
    log,
  };
}

/** Asked anew each time: the worker may have become a server's meanwhile. */
function directiveContext({ control, group }: ModePlaces, identity: Identity): DirectiveContext {
  return {
    controlSocket: control,
    socketPermissions: group === undefined ? 0o600 : 0o660,
    hub: identity.membership()?.serverNode,
    readFile: readSettingsFile,
  };
}
