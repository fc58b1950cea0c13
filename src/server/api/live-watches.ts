import type { Caller } from "../auth/callers.ts";
import { ServerError } from "../errors.ts";
import { Allowance } from "../line/allowance.ts";
import { parseJsonBody } from "./json-body.ts";
import type { LiveMessage, LiveSocket } from "./live-socket.ts";
import { tellChannel, type WatchServices, type WatchWish } from "./live-watch.ts";
import { LiveMore } from "./routes/live-schema.ts";

/** A page that is opened or left says what it watches now: people do that some times a minute. */
const wishes = { most: 60, everyMs: 1_000 };

interface OpenWatch {
  readonly stop: AbortController;
  readonly over: Promise<void>;
}

/** The channels that one client watches. */
export class Watches {
  readonly #services: WatchServices;
  readonly #socket: Pick<LiveSocket, "send">;
  readonly #caller: Caller;
  readonly #open = new Map<string, OpenWatch>();
  #fail: (error: unknown) => void = () => {};
  readonly #failed = new Promise<never>((_resolve, reject) => (this.#fail = reject));

  constructor(services: WatchServices, socket: Pick<LiveSocket, "send">, caller: Caller) {
    this.#services = services;
    this.#socket = socket;
    this.#caller = caller;
    this.#failed.catch(() => {});
  }

  /**
   * Watch these from now on, and each other list that the client says instead.
   *
   * @returns when the client says no more. @throws {ServerError} REQUEST_INVALID, RATE_LIMITED; what a channel throws.
   */
  async follow(first: readonly WatchWish[], messages: AsyncIterable<LiveMessage>): Promise<void> {
    await Promise.race([this.#failed, this.#hear(first, messages)]);
  }

  async close(): Promise<void> {
    await this.#leave([...this.#open.keys()]);
  }

  async #hear(first: readonly WatchWish[], messages: AsyncIterable<LiveMessage>): Promise<void> {
    const allowance = new Allowance(wishes.most, wishes.everyMs, this.#services.clock);
    await this.#watch(first);
    for await (const { data } of messages) {
      if (!allowance.take())
        throw new ServerError("RATE_LIMITED", "watch: it is changed too often; try again in a second");
      const more = LiveMore.safeParse(parseJsonBody(data));
      if (!more.success)
        throw new ServerError(
          "REQUEST_INVALID",
          "after the first message comes {watch: [{channel, after?: position}]}",
        );
      await this.#watch(more.data.watch);
    }
  }

  async #watch(list: readonly WatchWish[]): Promise<void> {
    const wanted = new Map(list.map((wish) => [wish.channel, wish]));
    // Those that end have ended before others begin: a client that reads nothing cannot have more and more of them.
    await this.#leave([...this.#open.keys()].filter((channel) => !wanted.has(channel)));
    for (const [channel, wish] of wanted) if (!this.#open.has(channel)) this.#enter(wish);
  }

  #enter(wish: WatchWish): void {
    const stop = new AbortController();
    const over = tellChannel(this.#services, this.#socket, this.#caller, wish, stop.signal).catch(this.#fail);
    this.#open.set(wish.channel, { stop, over });
  }

  async #leave(channels: readonly string[]): Promise<void> {
    const left = channels.flatMap((channel) => this.#open.get(channel) ?? []);
    for (const channel of channels) this.#open.delete(channel);
    for (const { stop } of left) stop.abort();
    await Promise.all(left.map(({ over }) => over));
  }
}
