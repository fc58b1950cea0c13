import { FarhandError } from "#core";
import { CliError } from "../errors.ts";
import { ServerProblem } from "./problem.ts";
import type { HandEntry } from "./hand-list-schema.ts";
import { objectIn, type Shape, stringOf } from "./shapes.ts";
import { StandaloneWorker } from "./standalone-worker.ts";
import type { Asking } from "./api-client.ts";

/** Workers asked at once for the list. */
const atOnce = 16;

/**
 * The workers that a person has written down, as a server's API shows its own: the same commands list and use them, as far
 * as a worker by itself can do what they ask for (CAT-43).
 */
export class StandaloneWorkers {
  readonly #entries: readonly HandEntry[];
  readonly #open = new Map<string, StandaloneWorker>();

  constructor(entries: readonly HandEntry[]) {
    this.#entries = entries;
  }

  /** There is no server's clock: ages are by ours. */
  now(): number {
    return Date.now();
  }

  /** Paths and answers are those of the API. @throws {ServerProblem} for what goes through servers only, and what it throws. */
  async ask(method: string, path: string, { body }: Asking = {}): Promise<unknown> {
    const { pathname, searchParams } = new URL(path, "http://list");
    const [list, name, what, unit, act] = pathname.split("/").slice(1).map(decodeURIComponent);
    if (list !== "workers") throw onlyByServer(method, pathname);
    if (name === undefined) return { items: await this.#all() };
    const entry = this.#entries.find((each) => each.name === name);
    if (!entry) throw new ServerProblem(404, { code: "WORKER_NOT_FOUND", detail: `no worker ${name} is in the list` });
    const asked = [method, what, unit === undefined ? "" : "one", act].filter(Boolean).join(" ");
    const worker = this.#worker(entry);
    switch (asked) {
      case "GET":
        return await this.#seen(entry);
      case "GET events":
        return { items: [] };
      case "POST rpc": {
        const { method: wanted, params } = objectIn(body);
        return { result: await worker.call(stringOf(wanted) ?? "", params === undefined ? {} : objectIn(params)) };
      }
      case "GET units": {
        const cursor = searchParams.get("cursor");
        const page = objectIn(await worker.call("units.list", cursor === null ? {} : { cursor }));
        return { items: page["units"], ...(page["next"] !== undefined && { next: page["next"] }) };
      }
      case "GET units one":
        return await worker.call("units.status", { unit });
      case "POST units one cancel":
        return await worker.call("units.cancel", { unit });
      case "DELETE units one":
        return await worker.call("units.release", { unit, force: searchParams.get("force") === "true" });
      default:
        throw onlyByServer(method, pathname);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((worker) => worker.close()));
  }

  async #all(): Promise<Shape[]> {
    const seen: Shape[] = [];
    const queue = [...this.#entries.entries()];
    const next = async (): Promise<void> => {
      for (let turn = queue.shift(); turn; turn = queue.shift()) seen[turn[0]] = await this.#seen(turn[1]);
    };
    await Promise.all(Array.from({ length: atOnce }, next));
    return seen;
  }

  /** As it is now: whoever does not answer, or is not who it should be, is told so and not as it was once. */
  async #seen(entry: HandEntry): Promise<Shape> {
    const worker = this.#worker(entry);
    const known = { id: entry.name, name: entry.name, labels: {}, address: `${entry.host}:${entry.port}` };
    try {
      const level = await worker.level();
      const said = level === "none" ? await worker.hello() : objectIn(await worker.call("worker.status"));
      const version = said["version"] ?? said["serviceVersion"];
      const cause = stringOf(said["reason"]) ?? `it says ${String(said["state"])}`;
      return { ...known, state: "online", cause, seenAt: Date.now(), mode: said["mode"], version, level };
    } catch (error) {
      if (!(error instanceof FarhandError)) throw error;
      return { ...known, ...notSeen(error), cause: error.message, mode: "", version: "", level: "none" };
    }
  }

  #worker(entry: HandEntry): StandaloneWorker {
    const open = this.#open.get(entry.name) ?? new StandaloneWorker(entry);
    this.#open.set(entry.name, open);
    return open;
  }
}

/** Nobody there, somebody else there, or somebody who does not let us in. */
function notSeen(error: FarhandError): { readonly state: string; readonly seenAt?: number } {
  if (error instanceof CliError && error.code === "SERVER_UNREACHABLE") return { state: "unreachable" };
  if (error instanceof CliError && error.code === "SERVER_UNTRUSTED") return { state: "untrusted" };
  return { state: "refused", seenAt: Date.now() };
}

function onlyByServer(method: string, path: string): ServerProblem {
  const detail = `a worker by itself does not serve ${method} ${path}: that goes through a server`;
  return new ServerProblem(404, { code: "ROUTE_NOT_FOUND", detail });
}
