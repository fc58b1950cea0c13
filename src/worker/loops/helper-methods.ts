import type { Clock } from "#core";
import {
  type Aside,
  type CallContext,
  helperBeat,
  helperBye,
  type HelperClaim,
  helperDone,
  helperFail,
  helperHello,
  helperLog,
  helperNext,
  helperOutput,
  helperPayload,
  helperProgress,
  helperRelease,
  type HelperTask,
  type HelperWelcome,
  maxPieceBytes,
  serve,
  type ServedMethod,
} from "#fleet";
import { type Claim, findUser, type LoopSettings, type LoopTask, type Loops } from "#work";
import { version } from "../version.ts";
import type { Seat, Seats } from "./seats.ts";

/** Messages about one task come no faster than this: the answer to an earlier one waits (CAT-93). */
const paceMs = 250;
const defaultGraceMs = 10_000;

export interface HelperMethodsOptions {
  readonly loops: Loops;
  readonly seats: Seats;
  /** How often a helper says that it lives, milliseconds. */
  readonly beatEveryMs: number;
  readonly clock: Clock;
}

/** `helper.*`: what run loops ask and tell (CAT-84). */
export function helperMethods(options: HelperMethodsOptions): ServedMethod[] {
  const { loops, seats, clock } = options;
  const claimOf = ({ task, fence }: HelperClaim, { caller }: CallContext): Claim => ({
    ...{ helper: seats.of(caller).helper.id, unit: task, fence },
  });
  return [
    serve(helperHello, (said, { caller }) => {
      const { seat, protocol } = seats.enter(said, caller);
      return welcome(seat, protocol, options);
    }),
    serve(helperNext, async ({ waitMs }, { caller, signal, aside = here }) => {
      const next = await aside(loops.next(seats.toTake(caller).helper, waitMs, signal));
      return next.kind === "task" ? { kind: "task", task: told(next.task) } : next;
    }),
    serve(helperPayload, async ({ offset, ...claim }, context) => {
      const { bytes, isEnd } = await loops.tasks.payload(claimOf(claim, context), offset, maxPieceBytes);
      return { bytes: Buffer.from(bytes).toString("base64"), isEnd };
    }),
    serve(helperOutput, ({ offset, bytes, ...claim }, context) =>
      loops.tasks.output(claimOf(claim, context), offset, Buffer.from(bytes, "base64")),
    ),
    serve(helperProgress, async ({ percent, text, ...claim }, context) => {
      const word = loops.tasks.progress(claimOf(claim, context), progressText(percent, text));
      await pace(seats.of(context.caller), claim.task, clock, context);
      return { word };
    }),
    serve(helperLog, async ({ lines, ...claim }, context) => {
      const word = loops.tasks.log(claimOf(claim, context), lines);
      await pace(seats.of(context.caller), claim.task, clock, context);
      return { word };
    }),
    serve(helperBeat, async ({ waitMs, tasks }, { caller, signal, aside = here }) => {
      const { id: helper } = seats.of(caller).helper;
      const claims = tasks.map(({ task, fence, known }) => ({ helper, unit: task, fence, known }));
      const answers = await aside(loops.tasks.beat(claims, waitMs, signal));
      return { tasks: answers.map(({ claim: { unit, fence }, word }) => ({ task: unit, fence, word })) };
    }),
    serve(helperDone, async ({ exitCode, signal, outputBytes, ...claim }, context) => {
      const result = signal === undefined ? { ExitCode: exitCode ?? 0 } : { Signal: signal };
      await loops.tasks.done(claimOf(claim, context), result, outputBytes);
      return { recorded: true };
    }),
    serve(helperFail, async ({ error, retryable, ...claim }, context) => {
      return { again: await loops.tasks.fail(claimOf(claim, context), error, retryable) };
    }),
    serve(helperRelease, async (claim, context) => {
      await loops.tasks.release(claimOf(claim, context));
      return {};
    }),
    serve(helperBye, async (_params, { caller }) => {
      const { helper } = seats.of(caller);
      seats.leave(caller);
      await loops.gone(helper.id, `its helper ${helper.id} said goodbye`);
      return {};
    }),
  ];
}

function welcome({ helper }: Seat, protocol: number, { loops, beatEveryMs }: HelperMethodsOptions): HelperWelcome {
  const types = loops.types.filter(({ workType }) => helper.workTypes.includes(workType));
  return {
    ...{ protocol, helper: helper.id, serviceVersion: version, beatEveryMs },
    serviceLossMs: Math.max(...types.map(({ serviceLossMs }) => serviceLossMs)),
    types: types.map((type) => typeFor(type, helper.isRemote)),
    held: loops.tasksOf(helper.id).map(told),
  };
}

function typeFor({ workType, leaseMs, cancelGraceMs, onServiceLoss, user }: LoopSettings, isRemote: boolean) {
  const ids = user === undefined || isRemote ? undefined : findUser(user);
  return {
    ...{ workType, leaseMs, cancelGraceMs: cancelGraceMs ?? defaultGraceMs, onServiceLoss },
    ...(ids && { user: { uid: ids.uid, gid: ids.gid } }),
  };
}

function told({ unit, ...task }: LoopTask): HelperTask {
  return { task: unit, ...task };
}

function progressText(percent: number | undefined, text: string | undefined): string {
  const share = percent === undefined ? [] : [`${Math.round(percent)} %`];
  return [...share, ...(text === undefined ? [] : [text])].join(", ") || "at work";
}

/** Where a carrier sets no limit, waiting is no burden to others. */
const here: Aside = (wait) => wait;

/** A worker that is told too much answers late, and so slows whoever tells it. */
async function pace(
  { toldAt }: Seat,
  task: string,
  clock: Clock,
  { signal, aside = here }: CallContext,
): Promise<void> {
  const now = clock.elapsed();
  const next = Math.max(now, (toldAt.get(task) ?? Number.NEGATIVE_INFINITY) + paceMs);
  if (toldAt.size > 1_000) toldAt.clear();
  toldAt.set(task, next);
  if (next > now) await aside(clock.sleep(next - now, signal));
}
