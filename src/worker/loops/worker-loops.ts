import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Closable, type Clock, type Log, systemClock } from "#core";
import { methodTable, type ServedMethod } from "#fleet";
import { LocalPool, type LoopSettings, type Units } from "#work";
import type { Admitted } from "../management/access.ts";
import { Desk } from "../management/desk.ts";
import type { Verdict } from "../management/may-connect.ts";
import { openSocketCarrier } from "../management/socket-carrier.ts";
import type { Visitor } from "../management/visitor.ts";
import { helperMethods } from "./helper-methods.ts";
import { HelperTokens } from "./helper-tokens.ts";
import { Seats } from "./seats.ts";
import { tokenMethods } from "./token-methods.ts";

/** A helper says that it lives six times in the time of its shortest lease, and every ten seconds at the least. */
const beatsPerLease = 6;
const longestBeatMs = 10_000;
/** Helpers of this worker, each with a connection or two. */
const maxConnections = 512;

export interface WorkerLoopsOptions {
  readonly units: Units;
  readonly dataDir: string;
  readonly nodeId: string;
  readonly log: Log;
  readonly clock?: Clock;
}

/** The run loops of a worker: who may fetch tasks, and the helpers it starts itself. */
export interface WorkerLoops extends Closable {
  /** `helper.*` and `worker.helperToken.*`, for the worker's own table. */
  readonly methods: readonly ServedMethod[];
  /** Tokens that helpers from elsewhere show. */
  readonly tokens: HelperTokens;
  /** Whether such helpers are let in; they are until something else is said (CAT-95). */
  allowElsewhere(isAllowed: boolean): void;
  /** Processes of helpers that run. */
  readonly pids: readonly number[];
  /** Nothing is handed out any more, and helpers are sent home when they have nothing left. */
  drain(reason: string): void;
  /** Resolves when the helpers of this worker are gone; none is started any more. */
  drained(signal: AbortSignal): Promise<void>;
}

/**
 * Serve run loops on a socket of their own, where a helper's token opens `helper.*` and nothing opens anything else.
 *
 * @throws {WorkerError} SOCKET_UNSAFE, SOCKET_IN_USE.
 */
export async function openWorkerLoops(options: WorkerLoopsOptions): Promise<WorkerLoops> {
  const { units, dataDir, nodeId, log, clock = systemClock } = options;
  const { loops } = units;
  const dir = join(dataDir, ".farhand", nodeId, "loops");
  const socket = helperSocket(dataDir, nodeId);
  const local = new LocalPool({ loops, place: { dir, socket }, log, clock });
  const tokens = new HelperTokens({ file: join(dir, "tokens", "tokens.json"), clock, log });
  const beatEveryMs = beatOf(loops.types);
  let isAllowed = true;
  const seats = new Seats({
    ...{ loops, local, clock },
    mayComeFromElsewhere: () => isAllowed,
    silentMs: 3 * beatEveryMs,
  });
  const own = helperMethods({ loops, seats, beatEveryMs, clock });
  const carrier = await openSocketCarrier({
    place: {
      path: socket,
      isForAll: loops.types.some(({ user, local }) => user !== undefined && local?.program.kind === "loop"),
    },
    carrier: "helper-socket",
    desk: new Desk(methodTable(own), { admit }, log),
    notices: { attach: () => () => {} },
    maxConnections,
    log,
  });
  local.start();
  return {
    methods: [...own, ...tokenMethods(tokens, seats, loops)],
    tokens,
    allowElsewhere: (now) => {
      isAllowed = now;
    },
    get pids() {
      return local.pids;
    },
    drain: (reason) => loops.drain(reason),
    drained: (signal) => local.drain(signal),
    close: async () => {
      await local.close();
      await carrier.close();
    },
  };
}

function beatOf(types: readonly LoopSettings[]): number {
  return Math.max(20, Math.floor(Math.min(longestBeatMs, ...types.map(({ leaseMs }) => leaseMs / beatsPerLease))));
}

/** Outside the private folder, so that helpers of another user can come; short, because the kernel wants it so. */
function helperSocket(dataDir: string, nodeId: string): string {
  const short = createHash("sha256").update(nodeId).digest("hex").slice(0, 12);
  return join(dataDir, ".helpers", short, "s");
}

/** Who can open the socket is nobody yet: only a helper's token says who is there (CAT-86). */
function admit(visitor: Visitor): Admitted {
  const verdict: Verdict = {
    ...{ rule: "CAT-86", reason: "this socket is for helpers, and for nothing but their tasks" },
    level: "none",
    remedy: "come by the worker's own socket",
  };
  return { caller: { name: "helper", level: verdict.level, carrier: visitor.way, visitor }, verdict };
}
