import {
  configCompare,
  configConfirm,
  configEffective,
  configGet,
  configHistory,
  configPut,
  configRollback,
  configSchema,
  configValidate,
  factorShow,
  FleetError,
  includesLevel,
  type Method,
  switchesGet,
  switchesSet,
  toolsDescribe,
  unitsCancel,
  unitsList,
  unitsRelease,
  unitsStatus,
  workerDoctor,
  workerRestart,
  workerStatus,
  workerStop,
} from "#fleet";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { askWorker } from "../worker-call.ts";
import { FieldsError } from "../problem.ts";
import { RpcAnswer, RpcBody } from "./rpc-schema.ts";
import { WorkerParams } from "./workers-schema.ts";

type AnyMethod = Pick<Method<unknown, unknown>, "name" | "level" | "changes" | "params" | "result">;

/** The methods of workers that people reach through the server, each with the level it needs (CAT-13, CAT-50). */
export const forwardedMethods: readonly AnyMethod[] = [
  unitsList,
  unitsStatus,
  unitsCancel,
  unitsRelease,
  workerStatus,
  switchesGet,
  switchesSet,
  workerDoctor,
  workerRestart,
  workerStop,
  configGet,
  configSchema,
  configEffective,
  configValidate,
  configCompare,
  configPut,
  configHistory,
  configRollback,
  configConfirm,
  factorShow,
  toolsDescribe,
] as readonly AnyMethod[];

const byName = new Map(forwardedMethods.map((method) => [method.name, method]));

/** Calls of a worker's methods by way of the server. */
export function rpcRoutes(services: RouteServices): Route[] {
  return [
    route({
      method: "POST",
      path: "/api/workers/:worker/rpc",
      summary: "Call a method of a worker; the level is the method's",
      needs: { kind: "worker", level: "monitor" },
      connection: true,
      keyed: "answer",
      schema: { params: WorkerParams, body: RpcBody, answer: RpcAnswer },
      more: ({ body }) => {
        const { level, changes } = found(body.method);
        return { level, sensitive: changes && includesLevel(level, "configure") };
      },
      handle: async (call) => {
        const { method, params } = call.body;
        const checked = found(method).params.safeParse(params);
        if (!checked.success)
          throw new FieldsError(
            checked.error.issues.map(({ path, message }) => ({
              path: ["params", ...path].map(String).join("."),
              message,
            })),
          );
        return { result: await callMethod(services, call, found(method), checked.data as object) };
      },
    }),
  ];
}

type WorkerCall = Parameters<typeof askWorker>[1];

/** A forwarded call, audited when it changes something; its answer is what the method declares (CAT-60). */
export async function callMethod(
  services: RouteServices,
  call: WorkerCall,
  method: AnyMethod,
  params: object,
): Promise<unknown> {
  if (method.changes)
    await services.audit.record(call.actor, `worker.${method.name}`, call.worker.id, { source: call.visit.address });
  const answer = await askWorker(services, call, method.name, params);
  if (method.changes && method.name.startsWith("config."))
    services.news.changed(`worker-configuration/${call.worker.id}`);
  const checked = method.result.safeParse(answer);
  if (checked.success) return checked.data;
  throw new FleetError("REPLY_INVALID", `the worker's answer to ${method.name} is none`);
}

function found(name: string): AnyMethod {
  const method = byName.get(name);
  if (method) return method;
  throw new FleetError("METHOD_UNKNOWN", `there is no method ${name}`);
}
