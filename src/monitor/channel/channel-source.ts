/** By what somebody watches a channel of a {@link ChannelSource}. */
export interface Opening {
  /** Fires when they may watch no longer; its reason is an error that says why, for people. */
  readonly ended: AbortSignal;
  /** They have gone. */
  leave(): void;
}

/**
 * Somebody in this process who feeds some channels, while they are watched. Nobody else may: what a sender says for one of
 * them is not taken.
 */
export interface ChannelSource {
  /** Whether the channel is one of its own. */
  owns(channel: string): boolean;
  /** What this token opens it by, if it does. Without one such a channel never opens: its id can be guessed. */
  opens(channel: string, token: string | undefined): Opening | undefined;
  /** Somebody watches it. Called for each viewer; must not throw. */
  watched(channel: string): void;
  /** Nobody does any more. */
  left(channel: string): void;
}

/** How a channel stands that is to be fed. */
export interface Standing {
  /** It takes nothing more. */
  readonly isEnded: boolean;
  /** Text of its last message; undefined when it has none. */
  readonly last: string | undefined;
}

/** What a {@link ChannelSource} feeds. */
export interface FedChannels {
  /** How it stands, with all that was put into it. */
  standing(channel: string, signal: AbortSignal): Promise<Standing>;
  /** Add a message. `FINISHED` as its command is the last one. */
  put(channel: string, message: { readonly command: string; readonly [member: string]: unknown }): void;
}
