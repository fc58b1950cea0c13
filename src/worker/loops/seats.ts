import type { Clock } from "#core";
import { type Caller, type HelperHello, helperProtocols, includesLevel } from "#fleet";
import type { LocalPool, LoopHelper, Loops } from "#work";
import { WorkerError } from "../errors.ts";
import { type Visitor, visitorOf } from "../management/visitor.ts";
import type { HelperToken } from "./helper-tokens.ts";

/** A helper that has been let in, on one connection. */
export interface Seat {
  readonly helper: LoopHelper;
  /** When it last told of each task, milliseconds of the clock: for the pace of its messages. */
  readonly toldAt: Map<string, number>;
  /** Whether its credential is still good. */
  isGood(): boolean;
}

export interface SeatsOptions {
  readonly loops: Loops;
  readonly local: Pick<LocalPool, "find" | "has">;
  /** Whether helpers from elsewhere are let in now (CAT-95, `helpers.remote`). */
  readonly mayComeFromElsewhere: () => boolean;
  /** A helper from elsewhere without tasks counts as gone after so long without a word, milliseconds. */
  readonly silentMs: number;
  readonly clock: Clock;
}

/** Which helper is on which connection (CAT-86, CAT-87). */
export class Seats {
  readonly #options: SeatsOptions;
  readonly #seats = new WeakMap<Visitor, Seat>();
  /** The one helper that each token from elsewhere is used by. */
  readonly #users = new Map<string, { readonly helper: string; heardAt: number }>();

  constructor(options: SeatsOptions) {
    this.#options = options;
  }

  /**
   * Let a helper in.
   *
   * @returns its seat and the version both speak. @throws {WorkerError} HELPER_REFUSED, HELPER_TAKEN, HELPER_UNFIT.
   */
  enter(hello: HelperHello, caller: Caller): { readonly seat: Seat; readonly protocol: number } {
    const visitor = visitorOf(caller);
    if (!visitor) throw refused("helpers come by a socket or a stream of this worker, not through its server");
    const seat = this.#seatFor(hello, visitor, caller);
    const protocol = helperProtocols.find((version) => hello.protocols.includes(version));
    if (protocol === undefined) {
      const [ours, theirs] = [helperProtocols, hello.protocols].map((versions) => versions.join(", "));
      const message = `this worker speaks version ${ours} of the run-loop protocol and the helper (${hello.version}) ${theirs}`;
      throw new WorkerError("HELPER_UNFIT", `${message}: use a helper of the worker's version`);
    }
    this.#seats.set(visitor, seat);
    return { seat, protocol };
  }

  /** The seat of a caller. @throws {WorkerError} HELPER_REFUSED. */
  of(caller: Caller): Seat {
    const visitor = visitorOf(caller);
    const seat = visitor && this.#seats.get(visitor);
    if (!seat) throw refused("helper.hello comes first, with a helper's credential");
    if (seat.isGood()) return seat;
    throw refused("the helper's credential is not good any more");
  }

  /** The seat of a caller that wants a task. What it has it may finish (CAT-99). @throws {WorkerError} HELPER_REFUSED. */
  toTake(caller: Caller): Seat {
    const seat = this.of(caller);
    if (seat.helper.isRemote) this.#requireElsewhere();
    return seat;
  }

  /** A helper is there with this token. */
  isInUse(tokenId: string): boolean {
    const user = this.#users.get(tokenId);
    if (!user) return false;
    const { loops, clock, silentMs } = this.#options;
    return loops.workOf(user.helper).has > 0 || clock.elapsed() - user.heardAt < silentMs;
  }

  /** The helper that has this token, if one came with it. */
  userOf(tokenId: string): string | undefined {
    return this.#users.get(tokenId)?.helper;
  }

  /** It has said goodbye. */
  leave(caller: Caller): void {
    const visitor = visitorOf(caller);
    const seat = visitor && this.#seats.get(visitor);
    if (!visitor || !seat) return;
    this.#seats.delete(visitor);
    for (const [id, { helper }] of this.#users) if (helper === seat.helper.id) this.#users.delete(id);
  }

  #seatFor(hello: HelperHello, visitor: Visitor, caller: Caller): Seat {
    if (visitor.helper) return this.#fromElsewhere(visitor.helper, hello);
    const isSocket = visitor.carrier === "socket" || visitor.carrier === "helper-socket";
    if (hello.token !== undefined) {
      const helper = isSocket ? this.#options.local.find(hello.token) : undefined;
      if (!helper) throw refused("the helper's token is not good, or its process has ended (CAT-86)");
      return this.#seat(helper, hello, () => this.#options.local.has(helper.id));
    }
    if (visitor.carrier !== "socket" || !includesLevel(caller.level, "operate"))
      throw refused("a helper shows its token: `farhand helper-token` makes one");
    // Whoever may submit and cancel here may also do the work.
    const workTypes = this.#options.loops.types.map(({ workType }) => workType);
    return this.#seat({ id: `socket-${hello.instance.slice(0, 12)}`, workTypes, isRemote: false }, hello, () => true);
  }

  #requireElsewhere(): void {
    if (this.#options.mayComeFromElsewhere()) return;
    throw refused("the operator allows no helpers from elsewhere (CAT-95, helpers.remote in the server's policy.yaml)");
  }

  #fromElsewhere(token: HelperToken, hello: HelperHello): Seat {
    const { clock, loops } = this.#options;
    this.#requireElsewhere();
    const id = `remote-${token.id}-${hello.instance.slice(0, 12)}`;
    const user = this.#users.get(token.id);
    if (user && user.helper !== id && this.isInUse(token.id))
      throw new WorkerError(
        "HELPER_TAKEN",
        `helper token ${token.id} is in use by ${user.helper}: it is for one at a time`,
      );
    // One that was started anew: what is remembered of the one before is of no use.
    if (user && user.helper !== id) void loops.gone(user.helper, `its helper ${user.helper} was replaced`);
    this.#users.set(token.id, { helper: id, heardAt: clock.elapsed() });
    const isGood = (): boolean => {
      const now = this.#users.get(token.id);
      if (!token.isGood() || now?.helper !== id) return false;
      now.heardAt = clock.elapsed();
      return true;
    };
    return this.#seat({ id, workTypes: token.workTypes, isRemote: true }, hello, isGood);
  }

  #seat(helper: LoopHelper, { workTypes: wanted }: HelperHello, isGood: () => boolean): Seat {
    const served = this.#options.loops.types.filter(({ isRemote }) => isRemote || !helper.isRemote);
    const mayTake = (name: string): boolean => helper.workTypes.includes(name) && (wanted?.includes(name) ?? true);
    const workTypes = served.map(({ workType }) => workType).filter(mayTake);
    if (workTypes.length > 0) return { helper: { ...helper, workTypes }, toldAt: new Map(), isGood };
    const names = (wanted ?? helper.workTypes).join(", ");
    throw refused(`run loops${helper.isRemote ? " from elsewhere" : ""} are not wanted here for: ${names}`);
  }
}

function refused(why: string): WorkerError {
  return new WorkerError("HELPER_REFUSED", why);
}
