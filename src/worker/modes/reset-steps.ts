import { rmSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "#core";
import { Identity } from "../agent/identity.ts";
import { withKey } from "#fleet";
import type { FileConfiguration } from "../configuration/file-configuration.ts";
import type { ModePlaces } from "./places.ts";

/** Steps of a reset (CAT-115), in the order in which they are done. None deletes units, logs or history. */
export const resetSteps = {
  socket: "make a new local socket, and see to it that it is open",
  password: "clear the service password",
  api: "open the API on loopback",
  "last-good": "go back to the last configuration that was good",
  registration: "forget the registration: a new key, and it must be enrolled again",
  restart: "restart the service; its units go on",
} as const;

/** One of {@link resetSteps}. */
export type ResetStep = keyof typeof resetSteps;

/** All of them, in their order. */
export const resetStepNames = Object.keys(resetSteps) as ResetStep[];

/** What steps work on: the state folder is held, so no service does anything meanwhile. */
export interface ResetContext {
  readonly places: ModePlaces;
  readonly configuration: FileConfiguration;
}

/** What a step did, for people. @throws what the configuration throws. */
export async function takeStep(step: Exclude<ResetStep, "restart">, context: ResetContext): Promise<string> {
  const { places, configuration } = context;
  switch (step) {
    case "last-good":
      return await goBack(configuration);
    case "socket":
      rmSync(places.socket, { force: true });
      await change(configuration, "a local socket again", (document) =>
        withKey(document, "/socket/enabled", undefined),
      );
      return `${places.socket} is made anew at the next start`;
    case "password":
      rmSync(join(places.state, "password"), { force: true });
      await change(configuration, "no service password", withoutPassword);
      return "there is no service password";
    case "api":
      await change(configuration, "the API on loopback", apiOnLoopback);
      return "the API listens on 127.0.0.1:8889 at the next start";
    case "registration":
      for (const file of Object.values(new Identity(places.state).files)) rmSync(file, { force: true });
      rmSync(join(places.state, "membership.json"), { force: true });
      return "it is nobody's: `farhand worker join URL --token-file FILE` enrols it";
  }
}

const byReset = { name: "reset", connection: "reset", isRemote: false };

/** A configuration that cannot be used is not edited further: the last good one is what is changed. */
async function change(configuration: FileConfiguration, comment: string, edit: (document: JsonObject) => JsonObject) {
  if (configuration.written.state === "misconfigured") await goBack(configuration);
  const { document, version } = configuration.get();
  const edited = edit(document);
  if (JSON.stringify(edited) === JSON.stringify(document)) return;
  await configuration.put({ document: edited, ifMatch: version, comment }, byReset);
}

/** Every version of the history was good when it was written; what has become bad since is passed over. */
async function goBack(configuration: FileConfiguration): Promise<string> {
  if (configuration.written.state !== "misconfigured") return "the configuration is good as it is";
  const { version } = configuration.get();
  for (const old of configuration.history()) {
    try {
      await configuration.rollback(old.version, version, byReset);
      return `version ${old.version} holds again`;
    } catch {
      // The next older one, then.
    }
  }
  await configuration.put({ document: {}, ifMatch: version, comment: "empty: there was none that was good" }, byReset);
  return "there was no good one: it is empty now";
}

function withoutPassword(document: JsonObject): JsonObject {
  const keys = ["hash", "remote", "acceptHashLocally"].map((key) => `/legacyPassword/${key}`);
  return keys.reduce((all, key) => withKey(all, key, undefined), document);
}

function apiOnLoopback(document: JsonObject): JsonObject {
  const plain = ["listen", "port"].reduce((all, key) => withKey(all, `/api/${key}`, undefined), document);
  return withKey(plain, "/api/enabled", true);
}
