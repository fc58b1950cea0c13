import { errorText, FarhandError } from "#core";
import { configEffective, type ConfigEffective, includesLevel, type Method, RemoteError, workerStatus } from "#fleet";
import type { Call } from "../call.ts";
import { connectionStages } from "../connection-stages.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { callMethod } from "./rpc-routes.ts";
import { ConnectionTest } from "./config-text-schema.ts";
import { WorkerParams } from "./workers-schema.ts";

/** The test of a worker's connection: it is asked now, and the stage that fails is named (CAT-103). */
export function connectionTestRoutes(services: RouteServices): Route[] {
  return [
    route({
      method: "POST",
      path: "/api/workers/:worker/test",
      summary: "Ask a worker now, and say at which stage that fails: name, connection, key, assertion or role",
      needs: { kind: "worker", level: "monitor" },
      connection: true,
      schema: { params: WorkerParams, answer: ConnectionTest },
      handle: async (call) => await tested(services, call),
    }),
  ];
}

async function tested(services: RouteServices, call: Call) {
  const { worker } = call;
  const seen = services.presence.state(worker.id) ?? worker;
  const isThere = seen.state === "online" || seen.state === "late";
  const began = performance.now();
  const refusal = isThere ? await refusalOf(services, call, workerStatus) : undefined;
  const took = performance.now() - began;
  const effective = isThere && !refusal ? await answerOf(services, call) : undefined;
  // Where a worker is, and which key it has, is for admins only (CAT-46).
  const isAdmin = includesLevel(call.asker().level, "admin");
  const stages = connectionStages({
    ...{ name: worker.name, id: worker.id, isThere, cause: seen.cause, refusal },
    road: isAdmin ? services.mesh?.roadTo(worker.node) : undefined,
    fingerprint: isAdmin ? await services.registry.fingerprint(worker.id) : undefined,
    role: call.caller.user.role,
    level: call.asker().level,
    ownRoles: effective?.values.find(({ path }) => path === "/remoteAccess/roles")?.value,
  });
  const failed = stages.find(({ state }) => state === "trouble")?.stage;
  return { stages, ...(failed !== undefined && { failed }), tookMs: isThere && !refusal ? took : null };
}

/** Why it did not answer; undefined: it did. */
async function refusalOf<R>(services: RouteServices, call: Call, method: Method<Record<string, never>, R>) {
  try {
    await callMethod(services, call, method, {});
    return undefined;
  } catch (error) {
    call.signal.throwIfAborted();
    const code = error instanceof FarhandError ? error.code : "INTERNAL";
    return { code, says: errorText(error), byWorker: error instanceof RemoteError };
  }
}

async function answerOf(services: RouteServices, call: Call): Promise<ConfigEffective | undefined> {
  try {
    return (await callMethod(services, call, configEffective, {})) as ConfigEffective;
  } catch {
    return undefined;
  }
}
