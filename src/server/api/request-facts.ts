import type { ServerResponse } from "node:http";
import { ServerError } from "../errors.ts";
import type { Known } from "./admission.ts";
import type { Admitted } from "./call.ts";
import type { Request } from "./fastify.ts";

/** What the checks find out about one request, for what comes after them. */
export interface Facts {
  known?: Known;
  admitted?: Admitted;
  /** Fires when the request is over before it was answered, with why. */
  readonly scope: AbortController;
  /** It has become a WebSocket, which ends the scope itself. */
  isLive: boolean;
  /** Something moved on its stream. */
  used: () => void;
}

/** The facts of all requests that go on. */
export class RequestFacts {
  readonly #facts = new WeakMap<Request, Facts>();

  begin(request: Request, response: ServerResponse): Facts {
    const facts: Facts = { scope: new AbortController(), isLive: false, used: () => {} };
    endWith(response, facts);
    this.#facts.set(request, facts);
    return facts;
  }

  /** Undefined: nobody has looked at it yet, as when its path is none. */
  of(request: Request): Facts | undefined {
    return this.#facts.get(request);
  }

  /** The user whose requests are counted together. */
  userOf(request: Request): string {
    return this.of(request)?.known?.caller.user.id ?? "";
  }
}

const gone = (): ServerError => new ServerError("CLIENT_LEFT", "the client went away before it was answered");

/** The scope ends with the connection, unless the answer was whole. */
function endWith(response: ServerResponse, facts: Facts): void {
  response.once("close", () => {
    const { isLive, scope } = facts;
    if (!isLive && !response.writableFinished && !scope.signal.aborted) scope.abort(gone());
  });
}
