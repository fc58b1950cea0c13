/** How much the API bears of anybody. Times in milliseconds, sizes in bytes. */
export interface ApiLimits {
  /** For a request's headers to arrive. */
  readonly headersMs: number;
  /** For a whole JSON body to arrive. */
  readonly bodyMs: number;
  /** A connection on which nothing moves is closed. Longer than our pings are apart. */
  readonly idleMs: number;
  readonly bodyBytes: number;
  /** Of one payload; it goes straight on to the worker. */
  readonly payloadBytes: number;
  /** For a worker to answer a call. */
  readonly callMs: number;
  /** A stream to a worker on which nothing moves ends (CAT-59). */
  readonly streamIdleMs: number;
  /** However much it is used. */
  readonly streamTotalMs: number;
  /** Pings on WebSockets, so that proxies keep them (CAT-127). */
  readonly pingEveryMs: number;
  /** Without an answer for so long the other side is gone (CAT-49). */
  readonly pongWithinMs: number;
  /** How often it is asked whether what is open may still be (CAT-67). */
  readonly recheckEveryMs: number;
  /** Requests within a minute. */
  readonly perAddress: number;
  readonly perUser: number;
  readonly connections: number;
  /** Open at once under one session or token. */
  readonly callsPerSession: number;
}

const minuteMs = 60_000;

/** What holds unless somebody says otherwise. */
export const apiLimits: ApiLimits = {
  headersMs: 10_000,
  bodyMs: 30_000,
  idleMs: 75_000,
  bodyBytes: 1024 * 1024,
  payloadBytes: 64 * 1024 ** 3,
  callMs: 30_000,
  streamIdleMs: 15 * minuteMs,
  streamTotalMs: 8 * 60 * minuteMs,
  pingEveryMs: 15_000,
  pongWithinMs: 45_000,
  recheckEveryMs: 10_000,
  perAddress: 3_000,
  perUser: 3_000,
  connections: 20_000,
  callsPerSession: 200,
};
