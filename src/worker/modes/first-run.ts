import { readFileSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "#core";
import { writeFileAtomic } from "../configuration/atomic-file.ts";
import type { Configured } from "../configuration/effective.ts";
import { WorkerError } from "../errors.ts";
import type { ModePlaces } from "./places.ts";

/** How far a worker has got (CAT-12); misconfigured is what it has come to when its configuration has faults (CAT-9). */
export type FirstRunState = "unconfigured" | "misconfigured" | "configured" | "registered";

/** What the server has said when it took the worker. */
export interface RegistrationRecord {
  readonly workerId: string;
  /** Address of the server. */
  readonly server: string;
  /** Milliseconds since 1970. */
  readonly registeredAt: number;
}

/** What the state depends on. */
export interface FirstRunFacts {
  readonly written: Configured | { readonly state: "none" };
  readonly registration: RegistrationRecord | undefined;
}

/** The state, from what there is: no flag can say that a worker is configured when nothing is written. */
export function firstRunState({ written, registration }: FirstRunFacts): FirstRunState {
  if (written.state === "none") return registration ? "registered" : "unconfigured";
  if (written.state === "misconfigured") return "misconfigured";
  return registration ? "registered" : "configured";
}

/** What to do next, in words that can be followed as they stand (CAT-12). */
export function nextStep(facts: FirstRunFacts, { configFile }: Pick<ModePlaces, "configFile">): string {
  const { written } = facts;
  const file = configFile ?? "the configuration on the server";
  switch (firstRunState(facts)) {
    case "unconfigured":
      return `\`farhand worker join https://SERVER --token-file FILE\` makes it one of a server's workers; or write ${file} and restart it, and it works by itself`;
    case "misconfigured": {
      const [fault] = written.state === "misconfigured" ? written.faults : [];
      const what = fault ? `${fault.path || "the text"}: ${fault.reason}` : "its faults";
      return `put right ${file} (${what}), then \`farhand worker doctor\` and restart it`;
    }
    case "configured": {
      const urls = written.state === "good" ? written.effective.values.server.urls : [];
      const [server] = urls;
      if (server === undefined)
        return "nothing: it works by itself. `farhand worker join https://SERVER --token-file FILE` makes it one of a server's workers";
      return `it asks ${server} to be taken: approve it there, or give it a token with \`farhand worker join ${server} --token-file FILE\``;
    }
    case "registered":
      return "nothing: it is registered";
  }
}

/** The registration as it is remembered in the state folder, so that a start without the server knows of it. */
export class RegistrationFile {
  readonly #path: string;

  constructor(state: string) {
    this.#path = join(state, "registration.json");
  }

  /** @throws {WorkerError} STATE_BROKEN when something else stands there. */
  read(): RegistrationRecord | undefined {
    try {
      const value: unknown = JSON.parse(readFileSync(this.#path, "utf8"));
      if (isRecord(value)) return value;
      throw new WorkerError("STATE_BROKEN", `${this.#path} holds no registration`);
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      if (error instanceof WorkerError) throw error;
      throw new WorkerError("STATE_BROKEN", `${this.#path} cannot be read`, { cause: error });
    }
  }

  write(record: RegistrationRecord): void {
    writeFileAtomic(this.#path, `${JSON.stringify(record)}\n`, 0o600);
  }
}

function isRecord(value: unknown): value is RegistrationRecord {
  if (typeof value !== "object" || value === null) return false;
  const { workerId, server, registeredAt } = value as Record<string, unknown>;
  return typeof workerId === "string" && typeof server === "string" && typeof registeredAt === "number";
}
