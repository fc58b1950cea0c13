import { setTimeout as sleep } from "node:timers/promises";
import { type ControlClient, connectControl, type JsonObject } from "#control";
import type { UnitReport } from "#work/wire";
import type { PlannedUnit } from "./plan.ts";

/** What the test knows of a unit, from its own side of the socket. */
export interface SubmittedUnit {
  readonly plan: PlannedUnit;
  readonly id: string;
  /** The daemon said that it was started. */
  readonly confirmed: boolean;
}

/** A client of a daemon that may be killed at any moment: it tries again, as a careful user's program would. */
export class StubbornClient {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** One exchange on a connection of its own, again and again until the connection holds. */
  async talk<T>(exchange: (client: ControlClient) => Promise<T>): Promise<T> {
    for (;;) {
      let client: ControlClient | undefined;
      try {
        client = await connectControl({ kind: "unix", path: this.#path }, { timeoutMs: 5_000 });
        return await exchange(client);
      } catch (error) {
        if ((error as { code?: string }).code === "REMOTE_ERROR") throw error;
        await sleep(30);
      } finally {
        client?.close();
      }
    }
  }

  /** Submit until an id is known. A daemon killed after that leaves the rest to the unit's own status. */
  async submit(plan: PlannedUnit): Promise<SubmittedUnit> {
    return this.talk(async (client) => {
      const params = `${plan.kind} ${plan.seed} ${plan.code}`;
      const line = await client.callLine({
        command: "work",
        subcommand: "submit",
        node: "localhost",
        worktype: "ledger",
        params,
      });
      const id = /with ID (\w+)\./.exec(line)?.[1] ?? "";
      try {
        await client.sendPayload(nothing());
        await client.readJson();
        return { plan, id, confirmed: true };
      } catch {
        return { plan, id, confirmed: false };
      }
    });
  }

  async list(): Promise<Record<string, UnitReport>> {
    return (await this.talk((client) => client.call("work list"))) as unknown as Record<string, UnitReport>;
  }

  async status(id: string): Promise<UnitReport> {
    return (await this.talk((client) => client.call(`work status ${id}`))) as unknown as UnitReport;
  }

  /** Cancel or release; a release that went through before the reply was lost counts. */
  async end(word: "cancel" | "release", id: string): Promise<JsonObject> {
    try {
      return await this.talk((client) => client.call(`work ${word} ${id}`));
    } catch (error) {
      if (word === "release" && /unknown work unit/.test(String(error))) return { released: id };
      throw error;
    }
  }

  /** Follow a unit to its end over as many connections as it takes, each from the byte reached. */
  async *follow(id: string): AsyncGenerator<Uint8Array> {
    for (let at = 0; ; ) {
      const chunks: Uint8Array[] = [];
      await this.#readFrom(id, at, chunks).catch(() => sleep(30));
      for (const chunk of chunks) {
        at += chunk.length;
        yield chunk;
      }
      const status = await this.status(id);
      if (status.State >= 2 && at >= status.StdoutSize) return;
    }
  }

  async #readFrom(id: string, at: number, into: Uint8Array[]): Promise<void> {
    const client = await connectControl({ kind: "unix", path: this.#path }, { timeoutMs: 5_000 });
    try {
      await client.callLine(`work results ${id} ${at}`);
      for await (const chunk of client.bytes()) into.push(Buffer.from(chunk));
    } finally {
      client.close();
    }
  }
}

// oxlint-disable-next-line require-yield
async function* nothing(): AsyncGenerator<Uint8Array> {}
