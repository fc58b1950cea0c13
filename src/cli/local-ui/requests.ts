import type { IncomingMessage, ServerResponse } from "node:http";
import { isJsonObject, type JsonObject, silentLog } from "#core";
import { loadModes } from "#worker";
import type { DoctorFindings } from "#fleet";
import { CliError } from "../errors.ts";
import { findingsOf } from "../worker-findings.ts";
import { maxDocumentBytes, objectIn, sendJson } from "./answers.ts";
import { basicSetup } from "./basic-setup.ts";
import { checkConfiguration, compareConfiguration, readConfiguration, writeConfiguration } from "./configuration.ts";
import { keptLog } from "./kept-log.ts";
import { streamNotices, streamOutput } from "./live.ts";
import { startWorker } from "./local-service.ts";
import { isSilent, type LocalWorker } from "./local-worker.ts";

/** What the pages ask the worker itself; how much of it they may, the worker decides as for any caller on its socket. */
const asked = new Set([
  ...["worker.status", "worker.switches.set", "worker.restart", "worker.stop", "worker.vitals"],
  ...["units.list", "units.status", "units.cancel", "units.release"],
  ...["password.set", "password.clear"],
]);

/** Answer one request of the pages, whose sender was let in. @throws {FarhandError} what is told to the page. */
export async function answer(worker: LocalWorker, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  switch (`${request.method} ${url.pathname}`) {
    case "GET /api/state":
      return sendJson(response, await worker.state());
    case "GET /api/notices":
      return await streamNotices(worker.socket, response);
    case "GET /api/output":
      return await streamOutput(worker.socket, ...outputWanted(url.searchParams), response);
    case "GET /api/findings":
      return sendJson(response, { findings: await findings(worker) });
    case "GET /api/log":
      return sendJson(response, await keptLog(worker));
    case "GET /api/configuration":
      return sendJson(response, await readConfiguration(worker));
    case "POST /api/configuration":
      return sendJson(response, await writeConfiguration(worker, await objectIn(request, maxDocumentBytes)));
    case "POST /api/configuration/check":
      return sendJson(response, await checkConfiguration(worker, await objectIn(request, maxDocumentBytes)));
    case "POST /api/configuration/compare":
      return sendJson(response, await compareConfiguration(worker, await objectIn(request, maxDocumentBytes)));
    case "POST /api/ask":
      return sendJson(response, await ask(worker, await objectIn(request)));
    case "POST /api/setup":
      return sendJson(response, await basicSetup(worker, await objectIn(request)));
    case "POST /api/setup/give-up":
      await objectIn(request);
      await worker.joining.giveUp();
      return sendJson(response, {});
    case "POST /api/start":
      await objectIn(request);
      await startWorker(worker);
      return sendJson(response, {});
    case "GET /api/reset":
      return sendJson(response, (await loadModes()).resetSteps);
    case "POST /api/reset":
      return sendJson(response, await resetBy(worker, await objectIn(request)));
    default:
      throw new CliError("LOCAL_INVALID", `there is nothing at ${request.method} ${url.pathname}`.slice(0, 200));
  }
}

async function ask(worker: LocalWorker, { method, params = {} }: JsonObject): Promise<unknown> {
  if (typeof method !== "string" || !asked.has(method))
    throw new CliError("LOCAL_INVALID", "method: none that the local pages ask");
  if (!isJsonObject(params)) throw new CliError("LOCAL_INVALID", "params: no JSON object");
  return await worker.ask(method, params);
}

/** The service knows its own folders best; of one that does not run, the files are looked at (CAT-113). */
async function findings(worker: LocalWorker): Promise<unknown> {
  try {
    return ((await worker.ask("worker.doctor")) as DoctorFindings).findings;
  } catch (error) {
    if (!isSilent(error)) throw error;
    return (await findingsOf(worker.options, worker.env)).findings;
  }
}

function outputWanted(query: URLSearchParams): [unit: string, from: number] {
  const [unit, from] = [query.get("unit") ?? "", query.get("from") ?? "0"];
  if (!/^[0-9A-Za-z]{1,64}$/.test(unit)) throw new CliError("LOCAL_INVALID", "unit: no id of a unit");
  if (!/^\d{1,15}$/.test(from)) throw new CliError("LOCAL_INVALID", "from: no count of bytes");
  return [unit, Number(from)];
}

/** With the authority of who opened the pages, as the command has it (CAT-115). */
async function resetBy({ mode, places }: LocalWorker, { steps }: JsonObject): Promise<unknown> {
  const { reset, resetStepNames } = await loadModes();
  const wanted = resetStepNames.filter((name) => Array.isArray(steps) && steps.includes(name));
  if (!Array.isArray(steps) || wanted.length === 0 || wanted.length !== steps.length)
    throw new CliError("LOCAL_INVALID", `steps: some of ${resetStepNames.join(", ")}`);
  return await reset({ mode, places, steps: new Set(wanted), log: silentLog });
}
