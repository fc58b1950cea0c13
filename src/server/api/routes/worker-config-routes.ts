import { errorText } from "#core";
import { configEffective, configGet, configValidate, type Method } from "#fleet";
import { unreadable } from "../../config/check-document.ts";
import { configUser } from "../../config/config-status.ts";
import { readDocumentText, writeDocumentText } from "../../config/document-text.ts";
import { reachChanges, reachWarnings } from "../../config/reach.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { Checked, CheckBody, WorkerConfiguration } from "./config-text-schema.ts";
import { callMethod } from "./rpc-routes.ts";
import { WorkerParams } from "./workers-schema.ts";

type WorkerCall = Parameters<typeof callMethod>[1];

/** What one worker goes by, and texts for the one that it keeps itself (CAT-78). */
export function workerConfigRoutes(services: RouteServices): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/workers/:worker/configuration",
      summary: "What the server wants a worker to go by, and what the worker says it does",
      needs: { kind: "worker", level: "monitor" },
      connection: true,
      schema: { params: WorkerParams, answer: WorkerConfiguration },
      handle: async (call) => {
        const held = (await configUser(services, call.worker)) ?? null;
        return { held, ...(await toldBy(services, call)) };
      },
    }),
    route({
      method: "POST",
      path: "/api/workers/:worker/configuration/check",
      summary: "What a worker says against a text for its own configuration, each with its line; nothing is written",
      needs: { kind: "worker", level: "monitor" },
      connection: true,
      more: () => ({ level: "configure", sensitive: false }),
      schema: { params: WorkerParams, body: CheckBody, answer: Checked },
      handle: async (call) => {
        const read = readDocumentText(call.body.text);
        if (!("document" in read)) return unreadable(read.faults);
        const { document } = read;
        const said = await ask(services, call, configValidate, { document });
        const got = await ask(services, call, configGet, {});
        const changed = reachChanges(got.document, document);
        const reach = reachWarnings(changed, "you confirm it afterwards, or it returns (CAT-75)");
        return { document, faults: read.placed(said.faults), warnings: read.placed([...said.warnings, ...reach]) };
      },
    }),
  ];
}

/** A worker that is away, or gives nothing to who asks, is no error here: the server's own part is told all the same. */
async function toldBy(services: RouteServices, call: WorkerCall) {
  try {
    const { document, ...got } = await ask(services, call, configGet, {});
    const effective = await ask(services, call, configEffective, {});
    return { told: { ...got, text: writeDocumentText(document), ...effective }, why: null };
  } catch (error) {
    call.signal.throwIfAborted();
    return { told: null, why: errorText(error) };
  }
}

async function ask<P extends object, R>(
  services: RouteServices,
  call: WorkerCall,
  method: Method<P, R>,
  params: P,
): Promise<R> {
  return (await callMethod(services, call, method, params)) as R;
}
