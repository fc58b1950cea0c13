import { type Clock, errorText, type Log } from "#core";
import { type ConfigOutcome, configFetch, configOutcome, type Conversation } from "#fleet";
import type { CloudConfiguration } from "../configuration/cloud-configuration.ts";

/** The server is asked this often whether there is a new version, besides when it says so (CAT-79); milliseconds. */
const askEveryMs = 60_000;

export interface CloudLinkOptions {
  readonly cloud: Pick<CloudConfiguration, "get" | "offer">;
  readonly conversation: Pick<Conversation, "call" | "isConnected">;
  /** A version was taken that counts from the next start on. @param isFirst there was none before. */
  readonly pending: (isFirst: boolean) => void;
  readonly clock: Pick<Clock, "sleep">;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Keeps a worker's configuration at the version that the server holds, and tells what became of each. */
export class CloudLink {
  readonly #options: CloudLinkOptions;
  /** One after another: a version must not overtake another. */
  #turn: Promise<void> = Promise.resolve();

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
    if (delivered.state !== "new") return;
    const { version, document } = delivered;
    const outcome = await cloud.offer({ version, document });
    const told: ConfigOutcome = { version, outcome: outcome.outcome, detail: detailOf(outcome).slice(0, 1_000) };
    await conversation.call(configOutcome, told, { signal });
    if (outcome.outcome === "pending") this.#options.pending(have === 0);
  }
}

function detailOf(outcome: Awaited<ReturnType<CloudConfiguration["offer"]>>): string {
  if (outcome.outcome === "failed") return outcome.reason;
  return outcome.outcome === "pending" ? `takes effect after a ${outcome.applies}` : "";
}
