import { setMaxListeners } from "node:events";
import { type Clock, errorText, type Log, systemClock } from "#core";
import {
  apiVersion,
  challenge,
  configChanged,
  Conversation,
  FleetError,
  forward,
  type Heartbeat,
  heartbeat,
  hello,
  type MethodTable,
  methodTable,
  register,
  bye,
  type Bye,
  RemoteError,
  serve,
  sessionEnded,
} from "#fleet";
import type { Mesh } from "#mesh";
import type { Units } from "#work";
import { CloudLink, type CloudLinkOptions } from "./cloud-link.ts";
import type { Askers } from "./askers.ts";
import { runForwarded } from "./forwarded.ts";
import type { Identity, Membership } from "./identity.ts";
import type { Instance, SelfDescription } from "./instance.ts";
import { Patience } from "./patience.ts";
import { ServerTime } from "./server-time.ts";
import { UnitNews } from "./unit-news.ts";
import type { MachineVitals } from "./vitals.ts";

/** Service of the mesh on the server; the same name serves streams on the worker. */
export const fleetService = "fleet";
/** Last words are waited for so long when a worker stops, milliseconds. */
const byeMs = 2_000;
/** A registration that was not answered within this time is begun again, over another stream; milliseconds. */
const registerMs = 60_000;

/** What a heartbeat says besides the machine's vitals. */
export type WorkVitals = Pick<
  Heartbeat,
  | "state"
  | "helpersRunning"
  | "helpersBusy"
  | "helperSlots"
  | "unitsRunning"
  | "unitsPending"
  | "watchersTroubled"
  | "trouble"
>;

export interface AgentOptions {
  readonly mesh: Pick<Mesh, "dial" | "onLinkUp">;
  /** Name of the TLS profile that the server is dialled with. */
  readonly tlsClient: string;
  readonly identity: Identity;
  readonly membership: Membership;
  readonly instance: Instance;
  readonly self: SelfDescription;
  readonly askers: Askers;
  /** What users may ask for. */
  readonly table: MethodTable;
  readonly vitals: () => Promise<MachineVitals>;
  readonly work: () => WorkVitals;
  /** Units of which the server is told; absent: it can only ask. */
  readonly units?: Pick<Units, "watch" | "find" | "list">;
  /** The configuration that the server holds, and what is to be done when a version waits for a new start. */
  readonly cloud?: Pick<CloudLinkOptions, "cloud" | "pending"> | undefined;
  /** Told with each heartbeat whether helpers from elsewhere may take tasks, as the server's policy has it (CAT-95). */
  readonly helpersRemote?: ((isAllowed: boolean) => void) | undefined;
  /** Told with each heartbeat what the server's policy includes of this worker from elsewhere, if the server says it. */
  readonly entitled?: ((features: readonly string[]) => void) | undefined;
  /** A user's session is over: end what is held for it. */
  readonly sessionEnded: (session: string, reason: string) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly log: Log;
}

/** How far the agent has got, for status. */
export type AgentState =
  | {
      readonly state: "connecting" | "registering" | "registered";
      readonly trouble?: string;
      /** How often the server was tried in vain since it could be reached last. */
      readonly tries?: number;
    }
  /** The server does not want this worker any more: only a new enrolment helps. */
  | { readonly state: "refused"; readonly trouble: string };

/** The last heartbeat that the server has answered. Milliseconds. */
export interface AnsweredBeat {
  readonly answeredAgoMs: number;
  readonly responseTimeMs: number;
  /** How far apart it wants them. */
  readonly everyMs: number;
}

/** A worker's side of its conversation with the server: it registers, beats, and answers. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #clock: Clock;
  readonly #conversation: Conversation;
  readonly #closing = new AbortController();
  readonly #patience: Patience;
  readonly #cloud: CloudLink | undefined;
  readonly #unitNews: UnitNews | undefined;
  readonly #serverTime: ServerTime;
  /** What the registration of this start has come to; a cut of the connection changes nothing of it. */
  #standing: "none" | "registering" | "registered" | "refused" = "none";
  /** What keeps it from its server. */
  #trouble: string | undefined;
  #epoch = 0;
  #tries = 0;
  /** When the server has restarted, all its workers are to be back within this time, milliseconds. */
  #comeBackWithinMs = 0;
  #beats = 0;
  #beatEveryMs = 15_000;
  #lastBeat: { readonly responseTimeMs: number; readonly clockOffsetMs: number; readonly at: number } | undefined;
  readonly #startedAt: number;
  #over: Promise<void> = Promise.resolve();

  constructor(options: AgentOptions) {
    this.#options = options;
    const { membership, clock = systemClock, random = Math.random, log } = options;
    this.#clock = clock;
    this.#startedAt = clock.elapsed();
    this.#patience = new Patience(clock, random);
    this.#serverTime = new ServerTime(clock);
    setMaxListeners(0, this.#closing.signal);
    this.#conversation = new Conversation({
      ...{ ownName: membership.node, peerName: membership.serverNode, clock, log },
      table: this.#table(),
      met: (meeting) => {
        if (meeting !== "resumed" || this.#standing === "none") void this.#register(meeting === "restarted");
        else if (this.#standing === "registered") this.#reached();
      },
    });
    const { cloud, units } = options;
    const link = { conversation: this.#conversation, signal: this.#closing.signal, clock, log };
    this.#cloud = cloud && new CloudLink({ ...cloud, ...link });
    this.#unitNews = units && new UnitNews({ units, ...link });
  }

  get state(): AgentState {
    const isCut = this.#standing === "registered" && !this.#conversation.isConnected;
    const trouble = this.#trouble ?? (isCut ? "the connection to the server is cut" : undefined);
    if (this.#standing === "refused") return { state: "refused", trouble: trouble ?? "" };
    return {
      state: this.#standing === "none" || !this.#conversation.isConnected ? "connecting" : this.#standing,
      ...(trouble !== undefined && { trouble }),
      ...(this.#tries > 0 && { tries: this.#tries }),
    };
  }

  /** Undefined: none was answered since this start. */
  get lastBeat(): AnsweredBeat | undefined {
    const beat = this.#lastBeat;
    if (!beat) return undefined;
    const { at, responseTimeMs } = beat;
    return { answeredAgoMs: this.#clock.elapsed() - at, responseTimeMs, everyMs: this.#beatEveryMs };
  }

  get #isHeard(): boolean {
    return this.#standing === "registered" && this.#conversation.isConnected;
  }

  /** Begin; everything else goes on behind. */
  start(): void {
    this.#over = Promise.all([this.#connect(), this.#beat(), this.#cloud?.run(), this.#unitNews?.run()]).then(
      () => undefined,
    );
  }

  /** Say that this is the end, and end. */
  async close(last: Bye): Promise<void> {
    if (this.#isHeard) await this.#conversation.call(bye, last, { timeoutMs: byeMs }).catch(() => {});
    this.#closing.abort(new FleetError("CONVERSATION_CLOSED", "the worker stops"));
    this.#conversation.close();
    await this.#over;
  }

  #table(): MethodTable {
    const { table, askers, log, self } = this.#options;
    return methodTable([
      serve(hello, () => ({
        ...{ apiVersion, serviceVersion: self.version, mode: self.mode, features: [] },
        state: this.#standing === "registered" ? "registered" : "configured",
      })),
      serve(forward, (said, { signal }) => runForwarded(said, { table, askers, log, signal })),
      serve(configChanged, () => {
        void this.#cloud?.look();
        return {};
      }),
      serve(sessionEnded, ({ session, reason }) => {
        this.#options.sessionEnded(session, reason);
        return {};
      }),
    ]);
  }

  /** One stream to the server after another, for as long as it wants us. */
  async #connect(): Promise<void> {
    const { mesh, membership, tlsClient, log } = this.#options;
    const { signal } = this.#closing;
    const stopListening = mesh.onLinkUp(() => this.#patience.wake());
    signal.addEventListener("abort", stopListening, { once: true });
    while (!signal.aborted && this.#standing !== "refused") {
      try {
        const stream = await mesh.dial(membership.serverNode, fleetService, { tls: tlsClient, signal });
        await this.#conversation.attach(stream);
      } catch (error) {
        if (signal.aborted) return;
        // Once, however long it lasts (CAT-120): how often it was tried is in the status.
        if (this.#tries++ === 0) log.warn(`the server cannot be reached: ${errorText(error)}`);
        this.#trouble = errorText(error);
      }
      await this.#patience.wait(signal);
    }
  }

  /** It is its server's (again): the next cut begins with the shortest pause, and is a line of the log again. */
  #reached(): void {
    this.#tries = 0;
    this.#trouble = undefined;
    this.#patience.satisfied();
  }

  /** @param isAgain the server has restarted, and all its workers know it at the same moment. */
  async #register(isAgain: boolean): Promise<void> {
    const { signal } = this.#closing;
    this.#standing = "registering";
    try {
      if (isAgain) await this.#patience.spread(this.#comeBackWithinMs, signal);
      await this.#registerOnce(signal);
    } catch (error) {
      if (!signal.aborted) this.#notRegistered(error);
    }
  }

  async #registerOnce(signal: AbortSignal): Promise<void> {
    const { identity, instance, self, membership, askers, log } = this.#options;
    const options = { signal, timeoutMs: registerMs };
    const asked = await this.#conversation.call(challenge, {}, options);
    const at = this.#clock.elapsed();
    const said = instance.registration(identity.key(), asked, self, { workerId: membership.workerId });
    const registered = await this.#conversation.call(register, said, options);
    identity.keep(registered, membership.serverUrl);
    const { workerId, epoch, serverTimeMs } = registered;
    this.#serverTime.learn(serverTimeMs, this.#clock.elapsed() - at);
    askers.registered({ workerId, epoch, key: instance.assertionKey, serverNow: () => this.#serverTime.now() });
    this.#epoch = epoch;
    this.#beatEveryMs = registered.heartbeatEveryMs;
    this.#comeBackWithinMs = registered.comeBackWithinMs;
    this.#standing = "registered";
    this.#reached();
    log.info(`registered with the server as ${registered.name}`, { workerId, epoch });
    this.#unitNews?.registered();
    await this.#beatOnce();
    await this.#cloud?.look();
  }

  #notRegistered(error: unknown): void {
    const trouble = errorText(error);
    const isFinal = error instanceof RemoteError && refusals.includes(error.code);
    this.#options.log.error(`the server does not register this worker: ${trouble}`);
    this.#standing = isFinal ? "refused" : "none";
    this.#trouble = trouble;
    if (error instanceof RemoteError) this.#patience.answered();
    this.#conversation.detach();
  }

  /** Something has changed that the server is to know before the next heartbeat. Never throws. */
  async beatNow(): Promise<void> {
    if (!this.#isHeard) return;
    await this.#beatOnce().catch((error: unknown) => this.#notBeaten(error));
  }

  async #beat(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#clock.sleep(this.#beatEveryMs, signal).catch(() => {});
      if (signal.aborted || !this.#isHeard) continue;
      await this.#beatOnce().catch((error: unknown) => this.#notBeaten(error));
    }
  }

  async #beatOnce(): Promise<void> {
    const { vitals, work } = this.#options;
    const beat: Heartbeat = {
      ...{ epoch: this.#epoch, beat: ++this.#beats },
      ...(await vitals()),
      ...work(),
      uptimeSeconds: (this.#clock.elapsed() - this.#startedAt) / 1_000,
      responseTimeMs: this.#lastBeat?.responseTimeMs ?? null,
      clockOffsetMs: this.#lastBeat?.clockOffsetMs ?? null,
    };
    const sentAt = this.#clock.elapsed();
    const answer = await this.#conversation.call(heartbeat, beat, { signal: this.#closing.signal });
    const at = this.#clock.elapsed();
    const responseTimeMs = at - sentAt;
    this.#serverTime.learn(answer.assertionTimeMs, responseTimeMs);
    this.#lastBeat = {
      at,
      responseTimeMs,
      clockOffsetMs: answer.serverTimeMs + responseTimeMs / 2 - this.#clock.now(),
    };
    this.#beatEveryMs = answer.nextInMs;
    this.#options.helpersRemote?.(answer.helpersRemote ?? true);
    if (answer.entitled) this.#options.entitled?.(answer.entitled);
  }

  #notBeaten(error: unknown): void {
    if (this.#closing.signal.aborted) return;
    this.#options.log.debug(`a heartbeat was lost: ${errorText(error)}`);
    if (error instanceof RemoteError && error.code === "EPOCH_UNKNOWN") void this.#register(false);
  }
}

/** The server will not change its mind about these: a person has to do something. */
const refusals: readonly string[] = ["REGISTRATION_REFUSED", "WORKER_REMOVED", "REGISTRATION_INVALID"];
