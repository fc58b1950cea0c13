import { errorText } from "#core";
import {
  configEffective,
  type ConfigEffective,
  type ConnectFacts,
  connectHints,
  workerDoctor,
  workerStatus,
} from "#fleet";
import type { DoctorFindings, Method, WorkerStatus } from "#fleet";
import type { Call } from "../call.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { askWorker } from "../worker-call.ts";
import { Hints, HintsQuery } from "./hints-schema.ts";
import { WorkerParams } from "./workers-schema.ts";

/** Why somebody cannot connect to a worker: what the server sees, and what the worker says where it answers (CAT-114). */
export function hintsRoutes(services: RouteServices): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/workers/:worker/hints",
      summary: "What keeps you from a worker, what to do about it, and who can",
      needs: { kind: "worker", level: "monitor" },
      connection: true,
      schema: { params: WorkerParams, query: HintsQuery, answer: Hints },
      handle: async (call) => {
        const { way } = call.query;
        const asked = await ask(services, call);
        const hints = connectHints({ way, ...asked.facts });
        const first = hints.find(({ state }) => state === "trouble")?.question;
        return {
          way,
          hints,
          ...(first !== undefined && { first }),
          ...(asked.findings && { findings: asked.findings }),
        };
      },
    }),
  ];
}

/** Whoever asks is asked for, with no more than what they may: a refusal is one of the answers. */
async function ask(services: RouteServices, call: Call) {
  const seen = services.presence.state(call.worker.id);
  const state = seen?.state ?? call.worker.state;
  const isRunning = state === "online" || state === "late";
  const running = `the server has it as ${state}${seen === undefined ? "" : `: ${seen.cause}`}`;
  const none = { status: undefined, effective: undefined, findings: undefined, refused: undefined };
  const heard = isRunning ? await hear(services, call) : none;
  return { facts: { isRunning, running, ...factsOf(heard) }, findings: heard.findings };
}

async function hear(services: RouteServices, call: Call) {
  const refusals: string[] = [];
  const tried = async <R>(method: Method<Record<string, never>, R>): Promise<R | undefined> => {
    try {
      const answer = method.result.safeParse(await askWorker(services, call, method.name, {}));
      if (answer.success) return answer.data;
      refusals.push(`its answer to ${method.name} is none: do both run versions that fit?`);
    } catch (error) {
      refusals.push(errorText(error));
    }
    return undefined;
  };
  const status = await tried(workerStatus);
  const refused = status === undefined ? refusals[0] : undefined;
  if (refused !== undefined) return { status, refused, effective: undefined, findings: undefined };
  // One after the other: a worker of an older version lacks one of them, and answers the rest.
  const effective = await tried(configEffective);
  const doctor: DoctorFindings | undefined = await tried(workerDoctor);
  return { status, refused, effective, findings: doctor?.findings };
}

interface Heard {
  readonly status: WorkerStatus | undefined;
  readonly effective: ConfigEffective | undefined;
  readonly refused: string | undefined;
}

function factsOf({ status, effective, refused }: Heard): Omit<ConnectFacts, "way" | "isRunning" | "running"> {
  const values = new Map(effective?.values.map(({ path, value }) => [path, value]));
  const flag = (path: string): boolean | undefined => {
    const value = values.get(path);
    return typeof value === "boolean" ? value : undefined;
  };
  const [port, roles, publicUrl] = ["/api/port", "/remoteAccess/roles", "/identity/publicUrl"].map((path) =>
    values.get(path),
  );
  return {
    refused,
    apiEnabled: flag("/api/enabled"),
    passwordSet: status?.passwordSet,
    passwordRemote: flag("/legacyPassword/remote"),
    port: typeof port === "number" ? port : undefined,
    roles: typeof roles === "object" && roles !== null ? levelsIn(roles) : undefined,
    publicUrl: typeof publicUrl === "string" || publicUrl === null ? publicUrl : undefined,
  };
}

function levelsIn(roles: object): Record<string, string> {
  return Object.fromEntries(Object.entries(roles).map(([role, level]) => [role, String(level)]));
}
