import type { Caller, Level } from "#fleet";
import type { HelperToken } from "../loops/helper-tokens.ts";
import type { Carrier, Credential } from "./may-connect.ts";
import type { PasswordSession } from "./password-sessions.ts";

/** A user of the server, as a checked assertion names them. */
export interface AssertedUser {
  readonly name: string;
  /** Opaque reference of their session at the server. */
  readonly session: string;
  readonly max: Level;
  readonly roles: readonly string[];
}

/** Who is at the other end: of one request, or of a connection for as long as it lasts. */
export class Visitor {
  readonly carrier: Carrier;
  /** For people and logs: `socket`, `https`, `websocket`. */
  readonly way: string;
  /** What failed logins are counted under: an address, or `local`. */
  readonly source: string;
  readonly asserted: AssertedUser | undefined;
  /** A helper from elsewhere has shown its token: it may do nothing but its tasks (CAT-86). */
  helper: HelperToken | undefined;
  /** Major version of the visitor's API, once said (CAT-20). */
  peerMajor: number | undefined;
  /** Token of the session it has just been given. */
  newToken: string | undefined;
  /** Hears of each session it enters. */
  onSession: ((session: PasswordSession) => void) | undefined;
  #session: PasswordSession | undefined;

  constructor(carrier: Carrier, way: string, source: string, asserted?: AssertedUser) {
    this.carrier = carrier;
    this.way = way;
    this.source = source;
    this.asserted = asserted;
  }

  /** The password session it is in, while that lasts. */
  get session(): PasswordSession | undefined {
    if (this.#session?.signal.aborted) this.#session = undefined;
    return this.#session;
  }

  /** From now on it is in a session. @param token tells it to a browser. */
  enter(session: PasswordSession, token?: string): void {
    this.#session = session;
    this.newToken = token;
    this.onSession?.(session);
  }

  /** What it has shown. */
  get credential(): Credential {
    const { asserted } = this;
    if (this.helper) return { kind: "helper" };
    if (asserted) return { kind: "assertion", max: asserted.max, roles: asserted.roles };
    return { kind: this.session?.credential ?? "none" };
  }

  get name(): string {
    if (this.asserted) return this.asserted.name;
    if (this.helper) return `helper token ${this.helper.id}`;
    if (this.session) return "service password";
    return this.source === "local" ? "local user" : "nobody";
  }
}

/** A caller that one of this worker's own carriers brought: its handlers may log it in and out. */
export interface VisitorCaller extends Caller {
  readonly visitor: Visitor;
}

/** The visitor behind a caller; none behind one that came by the conversation with the server. */
export function visitorOf(caller: Caller): Visitor | undefined {
  const { visitor } = caller as Partial<VisitorCaller>;
  return visitor instanceof Visitor ? visitor : undefined;
}
