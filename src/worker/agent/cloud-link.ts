import { type Clock, errorText, type Log } from "#core";
import { type ConfigOutcome, configFetch, configOutcome, type Conversation } from "#fleet";
import type { CloudConfiguration, CloudOutcome } from "../configuration/cloud-configuration.ts";

/** The server is asked this often whether there is a new version, besides when it says so (CAT-79); milliseconds. */
const askEveryMs = 60_000;

export interface CloudLinkOptions {
  readonly cloud: Pick<CloudConfiguration, "get" | "offer" | "outcome">;
  readonly conversation: Pick<Conversation, "call" | "isConnected">;
  /** A version was taken that counts from the next start on. */
  readonly pending: (pending: PendingVersion) => void;
  readonly clock: Pick<Clock, "sleep">;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** What of a version waits. */
export interface PendingVersion {
  /** There was none before: nothing is disturbed by a new start. */
  readonly isFirst: boolean;
  /** For what it waits. */
  readonly applies: "drain" | "restart";
}

/** Keeps a worker's configuration at the version that the server holds, and tells what became of each. */
export class CloudLink {
  readonly #options: CloudLinkOptions;
  /** One after another: a version must not overtake another. */
  #turn: Promise<void> = Promise.resolve();
  /** What the server knows by now. */
  #told = "";

  constructor(options: CloudLinkOptions) {
    this.#options = options;
  }

  /** Ask now. Never rejects. */
  look(): Promise<void> {
    this.#turn = this.#turn.then(() =>
      this.#look().catch((error: unknown) => {
        if (!this.#options.signal.aborted)
          this.#options.log.warn(`the configuration cannot be asked for: ${errorText(error)}`);
      }),
    );
    return this.#turn;
  }

  /** Ask every minute, until the signal fires. */
  async run(): Promise<void> {
    const { clock, signal, conversation } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(askEveryMs, signal).catch(() => undefined);
      if (!signal.aborted && conversation.isConnected) await this.look();
    }
  }

  async #look(): Promise<void> {
    const { cloud, conversation, signal } = this.#options;
    const have = cloud.get().version;
    const delivered = await conversation.call(configFetch, { have }, { signal });
    if (delivered.state === "none") return;
    if (delivered.state === "same") return await this.#tell(cloud.outcome());
    const { version, document } = delivered;
    const outcome = await cloud.offer({ version, document });
    await this.#tell(outcome);
    if (outcome.outcome === "pending") this.#options.pending({ isFirst: have === 0, applies: outcome.applies });
  }

  /** Once; what could not be told is told with the next look. After a new start that is how a version has come into force. */
  async #tell(outcome: CloudOutcome): Promise<void> {
    const { cloud, conversation, signal } = this.#options;
    const detail = detailOf(outcome).slice(0, 1_000);
    const said: ConfigOutcome = { version: outcome.version, outcome: outcome.outcome, detail };
    const told = { ...said, running: cloud.get().version };
    const text = JSON.stringify(told);
    if (text === this.#told) return;
    await conversation.call(configOutcome, told, { signal });
    this.#told = text;
  }
}

function detailOf(outcome: CloudOutcome): string {
  if (outcome.outcome === "failed") return outcome.reason;
  return outcome.outcome === "pending" ? `takes effect after a ${outcome.applies}` : "";
}
