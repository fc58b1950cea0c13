import type { Log } from "#core";
import { type Caller, factorBegin, factorClear, factorConfirm, factorShow, type ServedMethod, serve } from "#fleet";
import { WorkerError } from "../errors.ts";
import type { OwnFactor } from "./own-factor.ts";
import { visitorOf } from "./visitor.ts";

export interface FactorParts {
  readonly factor: OwnFactor;
  /** What the device calls this worker. */
  readonly name: () => string;
  /** Why this worker cannot be hardened; undefined: it can. */
  readonly unfit: () => string | undefined;
  readonly log: Log;
}

/** `factor.begin`, `factor.confirm`, `factor.clear` for who sits at the machine; `factor.show` for the others (CAT-70). */
export function factorMethods({ factor, name, unfit, log }: FactorParts): ServedMethod[] {
  return [
    serve(factorBegin, (_params, { caller }) => {
      requireLocal(caller);
      const why = unfit();
      if (why !== undefined) throw new WorkerError("HARDENING_UNFIT", why);
      return factor.begin(name());
    }),
    serve(factorConfirm, ({ code }, { caller }) => {
      requireLocal(caller);
      factor.confirm(code);
      log.info("the worker is hardened: from elsewhere, configuring needs a code of its own");
      return {};
    }),
    serve(factorClear, (_params, { caller }) => {
      requireLocal(caller);
      factor.clear();
      log.warn("the worker is hardened no more");
      return {};
    }),
    serve(factorShow, ({ code }, { caller }) => {
      if (caller.session === undefined)
        throw new WorkerError("WORKER_FACTOR_REFUSED", "a code is shown for a session of the server; this is none");
      return { untilMs: factor.show(caller.session, code) };
    }),
  ];
}

/** Whoever sits at the machine, and nobody on whose behalf somebody speaks. */
function requireLocal(caller: Caller): void {
  if (visitorOf(caller)?.carrier === "socket") return;
  throw new WorkerError("LOCAL_ONLY", "this is for who sits at the worker's machine: `farhand worker harden` there");
}
