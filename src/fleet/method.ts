import type { JsonObject } from "./envelope.ts";
import type { Level } from "./levels.ts";

/** What a method needs of a schema; those of zod are such, and only `*-schema.ts` files know that. */
export interface Schema<T> {
  safeParse(
    value: unknown,
  ): { readonly success: true; readonly data: T } | { readonly success: false; readonly error: SchemaFault };
}

export interface SchemaFault {
  readonly issues: readonly SchemaIssue[];
}

export interface SchemaIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** `unrecognized_keys` for members that the schema does not know, which {@link keys} names. */
  readonly code?: string | undefined;
  readonly keys?: readonly string[] | undefined;
  /** Of a value that may be one of several: what each of them lacks. */
  readonly errors?: readonly (readonly SchemaIssue[])[] | undefined;
}

/** A method, declared once for all carriers and both ends (CAT-13). An event is a call of one that nobody answers. */
export interface Method<P, R> {
  /** Words with dots between, as `units.cancel`. */
  readonly name: string;
  readonly params: Schema<P>;
  readonly result: Schema<R>;
  /** What the caller must have, whatever way the call came. */
  readonly level: Level;
  /** Its params order nothing, they only tell: of a later version they may tell more than is known here. */
  readonly tells?: true;
  /** Whether it changes something: such calls are audited, and none is repeated unasked. */
  readonly changes: boolean;
}

/** Who calls, as the carrier has made sure of. */
export interface Caller {
  /** User or node, for people: it is in every log line of the call (CAT-63). */
  readonly name: string;
  readonly level: Level;
  /** The way the call came: `fleet`, `socket`, `https`, `forwarded`. It opens no door; {@link level} alone does. */
  readonly carrier: string;
  /** Opaque reference of the user's session, when the server told one. */
  readonly session?: string;
  /** Names the connection to the server that it came over, when the server told one (CAT-75). */
  readonly connection?: string;
  /** Names the request in the server's audit too: the assertion's `jti` (CAT-63). */
  readonly request?: string;
  /** Where the user comes from, as the server told. */
  readonly source?: string;
}

/** What the handler of a method is given, and what it gives. */
export type ParamsOf<M> = M extends Method<infer P, unknown> ? P : never;
export type ResultOf<M> = M extends Method<unknown, infer R> ? R : never;

/** What a handler is told besides its parameters. */
export interface CallContext {
  readonly caller: Caller;
  /** Id of the call or event. */
  readonly id: string;
  /** Id of the message it is about, when it names one. */
  readonly correlation?: string;
  /** Fires when the caller has taken the call back, waits no more, or is gone. */
  readonly signal: AbortSignal;
  /** Wait for something: on carriers that answer so many calls at once, this one is none of them meanwhile. */
  readonly aside?: Aside | undefined;
}

/** @returns what `wait` gives, or throws. */
export type Aside = <T>(wait: Promise<T>) => Promise<T>;

/** What a handler is given: the schema has let the parameters through. */
export type Handler<P, R> = (params: P, context: CallContext) => R | Promise<R>;

/** A method and what runs when it is called. */
export interface ServedMethod {
  readonly method: Method<unknown, unknown>;
  /** @param params have passed `method.params`. */
  run(params: unknown, context: CallContext): unknown;
}

/** Puts a handler behind a method. */
export function serve<M extends Method<unknown, unknown>>(
  method: M,
  handler: NoInfer<Handler<ParamsOf<M>, ResultOf<M>>>,
): ServedMethod {
  return { method, run: (params, context) => handler(params as ParamsOf<M>, context) };
}

/** A call as a carrier has received it. */
export interface CallRequest {
  readonly id: string;
  readonly method: string;
  readonly params: JsonObject;
  readonly correlation?: string;
  readonly signal: AbortSignal;
  readonly aside?: Aside | undefined;
}
