import { FarhandError } from "#core";
import type { Caller } from "../auth/callers.ts";
import { type ChannelServices, channelNamed, type LiveChannel } from "./live-channels.ts";
import type { LiveSocket } from "./live-socket.ts";
import { problemOf } from "./problem.ts";
import type { RouteServices } from "./services.ts";

export type WatchServices = ChannelServices & Pick<RouteServices, "access" | "clock" | "limits">;

/** One channel, and the last position of it that the client has heard. */
export interface WatchWish {
  readonly channel: string;
  readonly after?: string | undefined;
}

/**
 * Tell a client what changes in one channel, until `signal` fires or they may see it no more. Between two messages nothing is
 * kept but a number: however slow the client is, however much happens, it is told of what is so then.
 *
 * The rights are looked at each time before something is told, and now and then while nothing is: with them it ends, with
 * `{kind: "refused", channel, why}`.
 *
 * @throws what the database throws.
 */
export async function tellChannel(
  services: WatchServices,
  socket: Pick<LiveSocket, "send">,
  caller: Caller,
  { channel: name, after }: WatchWish,
  signal: AbortSignal,
): Promise<void> {
  try {
    const channel = channelNamed(name, services);
    const telling = new Telling(services, socket, name, channel, after);
    while (!signal.aborted) await telling.turn(await callerNow(services, caller), signal);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof FarhandError) || error.status >= 500) throw error;
    await socket.send(JSON.stringify({ kind: "refused", channel: name, why: problemOf(error) }));
  }
}

/** The caller with the rights that their account has now. */
async function callerNow({ access }: WatchServices, caller: Caller): Promise<Caller> {
  return { ...caller, user: await access.accounts.get(caller.user.id) };
}

/** How far a client was told. */
class Telling {
  readonly #services: WatchServices;
  readonly #socket: Pick<LiveSocket, "send">;
  readonly #name: string;
  readonly #channel: LiveChannel;
  /** Number of the news behind which nothing was told; undefined: nothing was. */
  #told: number | undefined;
  /** The value as it was told last. */
  #text: string | undefined;

  constructor(
    services: WatchServices,
    socket: Pick<LiveSocket, "send">,
    name: string,
    channel: LiveChannel,
    after: string | undefined,
  ) {
    this.#services = services;
    this.#socket = socket;
    this.#name = name;
    this.#channel = channel;
    this.#told = after === undefined ? undefined : services.news.numberOf(after);
  }

  /** Tell what is new, and wait until there may be more. */
  async turn(caller: Caller, signal: AbortSignal): Promise<void> {
    const { news, clock, limits } = this.#services;
    // Before anything is read: what changes meanwhile is told the next time.
    const number = news.last;
    const names = await this.#channel.admit(caller);
    const isMoving = this.#channel.value
      ? await this.#tellValue(this.#channel.value)
      : await this.#tellChange(caller, names, number);
    this.#told = number;
    await clock.sleep(this.#channel.spacingMs, signal).catch(() => {});
    if (!isMoving) await within(limits.recheckEveryMs, signal, (limit) => news.more(names, number, limit));
  }

  async #tellValue(read: NonNullable<LiveChannel["value"]>): Promise<boolean> {
    const { value, isMoving = false } = await read();
    const text = JSON.stringify({ kind: "told", channel: this.#name, value });
    if (text !== this.#text) await this.#socket.send(text);
    this.#text = text;
    return isMoving;
  }

  async #tellChange(caller: Caller, names: readonly string[], number: number): Promise<boolean> {
    const { news } = this.#services;
    if (this.#told !== undefined && !(await this.#isNews(caller, names, this.#told))) return false;
    const position = news.positionOf(number);
    await this.#socket.send(JSON.stringify({ kind: "changed", channel: this.#name, position }));
    return false;
  }

  async #isNews(caller: Caller, names: readonly string[], told: number): Promise<boolean> {
    if (!this.#services.news.isNews(names, told)) return false;
    return (await this.#channel.concerns?.(caller, told)) ?? true;
  }
}

/** Wait for something, but not for longer. */
async function within(ms: number, signal: AbortSignal, wait: (limit: AbortSignal) => Promise<void>): Promise<void> {
  const limit = new AbortController();
  const stop = (): void => limit.abort();
  const timer = setTimeout(stop, ms);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    await wait(limit.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
