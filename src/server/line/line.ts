import type { Duplex } from "node:stream";
import type { Clock, Log } from "#core";
import {
  apiVersion,
  bye,
  challenge,
  configFetch,
  configOutcome,
  Conversation,
  type Heartbeat,
  heartbeat,
  type HeartbeatAnswer,
  hello,
  methodTable,
  register,
  type Registered,
  type Registration,
  serve,
  unitsChanged,
  unitsKnown,
} from "#fleet";
import { ServerError } from "../errors.ts";
import type { Health } from "../registry/health.ts";
import type { Presence } from "../registry/presence.ts";
import { beatEveryMs } from "../registry/liveness.ts";
import type { UnitIndex } from "../units/unit-index.ts";
import { Allowance } from "./allowance.ts";
import type { ConfigDelivery } from "./config-delivery.ts";
import type { WorkerEntrance } from "./worker-entrance.ts";

/** What all lines share. */
export interface LineContext {
  readonly entrance: WorkerEntrance;
  readonly delivery: ConfigDelivery;
  readonly presence: Presence;
  readonly health: Health;
  readonly units: Pick<UnitIndex, "known" | "take">;
  readonly serverNode: string;
  readonly version: string;
  /** Whether the policy includes, for this worker, helpers on other machines now (CAT-95); absent: nobody has said. */
  readonly helpersRemote?: (workerId: string) => boolean;
  /** What the policy includes of this worker from elsewhere now; undefined: nobody can say (CAT-100). */
  readonly entitled?: (workerId: string) => Promise<string[] | undefined>;
  /** How many workers may be told to register again, so that their certificates are renewed. */
  readonly renewals: Allowance;
  readonly clock: Clock;
  /** What assertions are dated by. */
  readonly steady: Pick<Clock, "now">;
  readonly log: Log;
}

/** What a worker says that is written down: an honest one says a few such things in an hour, and at most some at once. */
const words = { most: 30, everyMs: 2_000 };
/** Heartbeats that are kept: besides those that are due, some that tell of a change. */
const beats = { most: 30, everyMs: 5_000 };

/** Batches of changes of units: a worker with many of them tells all in a few seconds when it comes. */
const unitBatches = { most: 200, everyMs: 50 };

/** A worker's certificate is good for a year from its registration: it registers again long before (CAT-36). */
const registerEveryMs = 120 * 24 * 3_600_000;

/** The conversation with one worker, over one stream after another. */
export class Line {
  readonly workerId: string;
  readonly node: string;
  readonly conversation: Conversation;
  readonly #context: LineContext;
  /** Of its registration with this run of the server; undefined: it has to register. */
  #epoch: number | undefined;
  #registeredAt = 0;
  #observed = "";
  /** A worker that means no good must not fill the database. */
  readonly #words: Allowance;
  readonly #beats: Allowance;
  readonly #unitBatches: Allowance;

  readonly #restarted: () => void;

  /** @param restarted told when the far side is another run of the worker: nothing of the one before is there any more. */
  constructor(workerId: string, node: string, context: LineContext, restarted: () => void) {
    this.#restarted = restarted;
    this.workerId = workerId;
    this.node = node;
    this.#context = context;
    const { serverNode, clock, log } = context;
    this.#words = new Allowance(words.most, words.everyMs, clock);
    this.#beats = new Allowance(beats.most, beats.everyMs, clock);
    this.#unitBatches = new Allowance(unitBatches.most, unitBatches.everyMs, clock);
    this.conversation = new Conversation({
      ...{ ownName: serverNode, peerName: node, clock, log },
      table: this.#table(),
      met: (meeting) => this.#met(meeting),
    });
  }

  /** Go on over a new stream. @param observed where it comes from, for the registry. */
  async attach(stream: Duplex, observed: string): Promise<void> {
    this.#observed = observed;
    await this.conversation.attach(stream);
    if (!this.conversation.isConnected && this.#epoch !== undefined)
      this.#context.presence.cut(this.workerId, this.#epoch);
  }

  close(): void {
    this.conversation.close();
  }

  #met(meeting: "first" | "resumed" | "restarted"): void {
    if (meeting === "restarted") this.#restarted();
    if (meeting !== "resumed") this.#epoch = undefined;
    else if (this.#epoch !== undefined) this.#context.presence.resumed(this.workerId, this.#epoch);
  }

  #table() {
    const { entrance, delivery, version } = this.#context;
    return methodTable([
      serve(hello, () => ({ apiVersion, serviceVersion: version, mode: "server", state: "serving", features: [] })),
      serve(challenge, () => entrance.challenge({ workerId: this.workerId })),
      serve(register, (said) => this.#register(said)),
      serve(heartbeat, (beat) => this.#beat(beat)),
      serve(configFetch, (wanted) => delivery.fetch(this.workerId, wanted)),
      serve(configOutcome, async (outcome) => {
        this.#requireFew();
        await delivery.report(this.workerId, outcome);
        return {};
      }),
      serve(unitsKnown, async () => {
        this.#requireRegistered(this.#unitBatches);
        return await this.#context.units.known(this.workerId);
      }),
      serve(unitsChanged, async (told) => {
        this.#requireRegistered(this.#unitBatches);
        await this.#context.units.take(this.workerId, told);
        return {};
      }),
      serve(bye, ({ reason, detail }) => {
        this.#requireFew();
        if (this.#epoch !== undefined)
          this.#context.presence.stopped(this.workerId, this.#epoch, detail === "" ? reason : `${reason}: ${detail}`);
        return {};
      }),
    ]);
  }

  /** Over this conversation only the worker itself can register again: the stream has proved whose it is. */
  async #register(said: Registration): Promise<Registered> {
    if (said.workerId !== this.workerId || said.token)
      throw new ServerError("REGISTRATION_REFUSED", `this conversation is the worker ${this.workerId}'s`);
    this.#requireFew();
    const registered = await this.#context.entrance.register(said, this.#observed);
    this.#epoch = registered.epoch;
    this.#registeredAt = this.#context.clock.now();
    return registered;
  }

  /** @throws {ServerError} RATE_LIMITED. */
  #requireFew(allowance: Allowance = this.#words): void {
    if (!allowance.take())
      throw new ServerError("RATE_LIMITED", "this worker says too much that has to be written down; say it later");
  }

  /** @throws {ServerError} EPOCH_UNKNOWN, RATE_LIMITED. */
  #requireRegistered(allowance: Allowance): void {
    if (this.#epoch === undefined) throw new ServerError("EPOCH_UNKNOWN", "unknown epoch: register again");
    this.#requireFew(allowance);
  }

  /** All that came back together after a restart are old at the same moment: some at a time register then. */
  #isOld(): boolean {
    const { clock, renewals } = this.#context;
    return clock.now() - this.#registeredAt >= registerEveryMs && renewals.take();
  }

  async #beat({ epoch, trouble, ...sample }: Heartbeat): Promise<HeartbeatAnswer> {
    if (epoch !== this.#epoch) throw new ServerError("EPOCH_UNKNOWN", "unknown epoch: register again");
    if (this.#isOld()) throw new ServerError("EPOCH_UNKNOWN", "the certificate is to be renewed: register again");
    this.#context.presence.heard(this.workerId, epoch, trouble);
    if (this.#beats.take()) this.#context.health.add(this.workerId, sample);
    const { clock, steady, helpersRemote } = this.#context;
    const times = { serverTimeMs: clock.now(), assertionTimeMs: steady.now(), nextInMs: beatEveryMs };
    const entitled = await this.#entitled();
    return {
      ...times,
      ...(helpersRemote && { helpersRemote: helpersRemote(this.workerId) }),
      ...(entitled && { entitled }),
    };
  }

  /** A database that is away is no reason to call a worker that beats a silent one. */
  async #entitled(): Promise<string[] | undefined> {
    return await this.#context.entitled?.(this.workerId).catch(() => undefined);
  }
}
