import type { ChannelMessage, Problem } from "#server/wire";

/** What was told of a channel last. */
export interface ChannelNow {
  /** Where it stood: another one means that it is another; undefined: nothing was told yet. */
  readonly position?: string;
  /** What is told whole. */
  readonly value?: unknown;
  /** It may not be watched. */
  readonly refused?: Problem;
}

/** The channels that are watched by what is on the page, and what was told of each. */
export class WatchedChannels {
  /** Another map after each change. */
  view: ReadonlyMap<string, ChannelNow> = new Map();
  /** So many parts of the page watch each. */
  readonly #watchers = new Map<string, number>();

  enter(channel: string): void {
    this.#watchers.set(channel, (this.#watchers.get(channel) ?? 0) + 1);
  }

  leave(channel: string): void {
    this.#watchers.set(channel, Math.max(0, (this.#watchers.get(channel) ?? 0) - 1));
  }

  /** What to say to the server: it tells of these from now on. What nobody watches any more is forgotten with that. */
  wish(): readonly { readonly channel: string; readonly after?: string }[] {
    for (const [channel, count] of this.#watchers) if (count === 0) this.#forget(channel);
    return [...this.#watchers.keys()].map((channel) => {
      const after = this.view.get(channel)?.position;
      return { channel, ...(after !== undefined && { after }) };
    });
  }

  /** What is watched but for what was refused: the server hears of that anew with the next {@link wish}. */
  wishWithoutRefused(): ReturnType<WatchedChannels["wish"]> {
    return this.wish().filter(({ channel }) => !this.view.get(channel)?.refused);
  }

  /** Something that the page watches was refused. */
  get isRefused(): boolean {
    return [...this.view].some(([channel, { refused }]) => refused && (this.#watchers.get(channel) ?? 0) > 0);
  }

  take(message: ChannelMessage): void {
    const { channel } = message;
    // It was left, and the server did not know that yet.
    if (!this.#watchers.has(channel)) return;
    this.#put(channel, nowOf(message));
  }

  #forget(channel: string): void {
    this.#watchers.delete(channel);
    if (this.view.has(channel)) this.#put(channel, undefined);
  }

  #put(channel: string, now: ChannelNow | undefined): void {
    const view = new Map(this.view);
    if (now) view.set(channel, now);
    else view.delete(channel);
    this.view = view;
  }
}

function nowOf(message: ChannelMessage): ChannelNow {
  switch (message.kind) {
    case "changed":
      return { position: message.position };
    case "told":
      return { value: message.value };
    case "refused":
      return { refused: message.why };
  }
}
