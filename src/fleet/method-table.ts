import type { Log } from "#core";
import { isMethodName } from "./envelope.ts";
import { FleetError } from "./errors.ts";
import { type Fault, faultOf } from "./fault.ts";
import { includesLevel } from "./levels.ts";
import { readTold } from "./told.ts";
import type { Caller, CallContext, CallRequest, SchemaFault, ServedMethod } from "./method.ts";

/** Every method that can be called, by name. Not to be changed: all carriers share it (CAT-13). */
export type MethodTable = ReadonlyMap<string, ServedMethod>;

/** What became of a call. */
export type Outcome = { readonly result: unknown } | { readonly fault: Fault };

/** @throws {TypeError} for a name that is none or stands there twice: a mistake in the program. */
export function methodTable(served: readonly ServedMethod[]): MethodTable {
  const table = new Map<string, ServedMethod>();
  for (const each of served) {
    const { name } = each.method;
    if (!isMethodName(name) || name.startsWith("rpc.")) throw new TypeError(`"${name}" is no name for a method`);
    if (table.has(name)) throw new TypeError(`the method ${name} is served twice`);
    table.set(name, each);
  }
  return table;
}

/**
 * Run a call, whatever way it came. The only way in: method, level and parameters are looked at here, in this order.
 *
 * Never throws nor rejects: what the handler throws becomes the fault, and what was not thrown on purpose becomes INTERNAL,
 * with all there is to know in the log and none of it in the fault (CAT-18).
 *
 * @returns the outcome itself when the handler did not wait for anything: an answer can go out with what is sent just then.
 */
export function dispatch(
  table: MethodTable,
  request: CallRequest,
  caller: Caller,
  log: Log,
): Outcome | Promise<Outcome> {
  const failed = (error: unknown): Outcome => ({ fault: faultOf(error) ?? unforeseen(error, request, caller, log) });
  try {
    const served = allowed(table, request.method, caller);
    const params = parsedParams(served, request.params);
    request.signal.throwIfAborted();
    const given = served.run(params, contextOf(request, caller));
    if (!(given instanceof Promise)) return { result: checkedResult(served, given) };
    return given.then((result) => ({ result: checkedResult(served, result) })).catch(failed);
  } catch (error) {
    return failed(error);
  }
}

function allowed(table: MethodTable, name: string, { level }: Caller): ServedMethod {
  const served = table.get(name);
  if (!served) throw new FleetError("METHOD_UNKNOWN", `there is no method ${name}`);
  const needed = served.method.level;
  if (!includesLevel(level, needed))
    throw new FleetError("LEVEL_TOO_LOW", `${name} needs the level ${needed}, and the caller's is ${level}`);
  return served;
}

function parsedParams({ method }: ServedMethod, params: unknown): unknown {
  const parsed = method.tells ? readTold(method.params, params) : method.params.safeParse(params);
  if (parsed.success) return parsed.data;
  throw new FleetError("PARAMS_INVALID", `parameters of ${method.name}: ${faultText(parsed.error)}`);
}

function contextOf({ id, correlation, signal, aside }: CallRequest, caller: Caller): CallContext {
  return { caller, id, signal, aside, ...(correlation !== undefined && { correlation }) };
}

/** Only what the method says it gives leaves: a field too many may be a secret. */
function checkedResult({ method }: ServedMethod, result: unknown): unknown {
  const checked = method.result.safeParse(result);
  if (checked.success) return checked.data;
  throw new Error(`the result of ${method.name} is not what it declares: ${faultText(checked.error)}`);
}

const shownIssues = 5;
const shownChars = 200;

/** The first few things that do not fit, each with its place. */
export function faultText({ issues }: SchemaFault): string {
  const texts = issues.slice(0, shownIssues).map(({ path, message }) => `${path.map(String).join(".")}: ${message}`);
  const more = issues.length > shownIssues ? [`and ${issues.length - shownIssues} more`] : [];
  return [...texts.map((text) => text.replace(/^: /, "").slice(0, shownChars)), ...more].join("; ");
}

function unforeseen(error: unknown, { method, id, signal }: CallRequest, caller: Caller, log: Log): Fault {
  if (signal.aborted) return { code: "CALL_CANCELLED", message: `the call of ${method} was taken back`, status: 499 };
  const { name, carrier, request: jti } = caller;
  const who = { caller: name, carrier, ...(jti !== undefined && { jti }) };
  log.error(`the method ${method} failed`, { id, ...who, error: allOf(error) });
  return { code: "INTERNAL", message: `the method ${method} failed; the log of its side says how`, status: 500 };
}

function allOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
