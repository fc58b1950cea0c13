import { apiPath } from "../../../src/cli/server/api-path.ts";
import type { Orders } from "./orders.ts";
import type { Site } from "./site.ts";
import { User } from "./user.ts";

/** How long it takes until all is as it should be, from the moment at which nothing is wrong any more. */
export class Recovery {
  readonly #since = performance.now();
  /** By worker: milliseconds until it answered through the server. */
  readonly #answeredMs = new Map<string, number>();

  /** Ask each worker until it answers. @throws the reason of `until`. */
  async watch({ address, server, workers }: Site, until: AbortSignal): Promise<void> {
    await Promise.all(
      workers.map(async ({ name }) => {
        using user = new User(address, server.admin);
        await user.ask((api, signal) => api.ask("GET", apiPath`/workers/${name}/units`, { signal }), until);
        this.#answeredMs.set(name, performance.now() - this.#since);
      }),
    );
  }

  /** For people: when each worker answered, and when each order was done that was on its way. */
  summary({ doneAt }: Orders): string {
    const seconds = (ms: number): number => Math.round(ms / 100) / 10;
    const answered = Object.fromEntries([...this.#answeredMs].map(([name, ms]) => [name, seconds(ms)]));
    const later = doneAt.filter((at) => at > this.#since).map((at) => seconds(at - this.#since));
    return JSON.stringify({ answered, "orders done": later });
  }
}
