import { randomUUID } from "node:crypto";
import type { Log } from "#core";
import {
  type Caller,
  dispatch,
  type Fault,
  faultOf,
  FleetError,
  type JsonObject,
  type MethodTable,
  type OwnPageWanted,
  type PageHead,
} from "#fleet";
import { WorkerError } from "../errors.ts";
import { jsonObject } from "../management/http-exchange.ts";
import { problemText } from "../management/http-answer.ts";
import { type RestCall, restRoute } from "../management/rest-routes.ts";
import { factorNeeded, faultOfFactor } from "./askers-factor.ts";
import { identityOf } from "./forwarded.ts";

/** What is so short cannot nest deep. */
const maxBodyBytes = 1_024;

/** An answer, whole. */
export interface OwnAnswer {
  readonly head: PageHead;
  readonly text: string;
}

/** The worker's own pages, for users who come through its server: the REST subset over the one method table (CAT-13, CAT-16). */
export class OwnPages {
  readonly #table: MethodTable;
  readonly #log: Log;

  constructor(table: MethodTable, log: Log) {
    this.#table = table;
    this.#log = log;
  }

  /** Never throws what a page answers with. @throws what broke the body, the signal's reason. */
  async answer(
    { method, path: url, headers }: OwnPageWanted,
    body: AsyncIterable<Uint8Array>,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<OwnAnswer> {
    const [path = "", query = ""] = url.split("?", 2);
    const route = restRoute(method === "HEAD" ? "GET" : method, path, new URLSearchParams(query));
    const outcome = await this.#outcome(caller, signal, async () => {
      if (!route) throw new WorkerError("NOT_SERVED", `there is nothing at ${method} ${path}`.slice(0, 200));
      return "call" in route ? route.call : route.finish(await objectIn(headers["content-type"], body));
    });
    return "fault" in outcome ? problem(outcome.fault) : page(200, "application/json", JSON.stringify(outcome.result));
  }

  async #outcome(caller: Caller, signal: AbortSignal, call: () => Promise<RestCall>) {
    let wanted: RestCall;
    try {
      wanted = await call();
    } catch (error) {
      const fault = faultOf(error);
      if (!fault) throw error;
      return { fault };
    }
    const { method, params } = wanted;
    const lacking = factorNeeded(caller, this.#table.get(method)?.method.level ?? "none", method);
    const asked = { id: randomUUID(), method, params, signal };
    const outcome = lacking ? { fault: faultOfFactor(lacking) } : await dispatch(this.#table, asked, caller, this.#log);
    const verdict = "fault" in outcome ? outcome.fault.code : "done";
    this.#log.info(`${method} for ${caller.name}`, { ...identityOf(caller), verdict });
    return outcome;
  }
}

async function objectIn(type: string | undefined, body: AsyncIterable<Uint8Array>): Promise<JsonObject> {
  if ((type ?? "").split(";")[0]?.trim().toLowerCase() !== "application/json")
    throw new WorkerError("REQUEST_UNFIT", "the Content-Type is not application/json");
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new FleetError("MESSAGE_TOO_LARGE", `the body has more than ${maxBodyBytes} bytes`);
    chunks.push(Buffer.from(chunk));
  }
  return jsonObject(Buffer.concat(chunks));
}

const problem = (fault: Fault): OwnAnswer => page(fault.status, "application/problem+json", problemText(fault));

function page(status: number, type: string, text: string): OwnAnswer {
  return { head: { status, headers: { "content-type": type }, length: Buffer.byteLength(text) }, text };
}
