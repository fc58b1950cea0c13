import { type Clock, errorText } from "#core";
import { isFinal } from "../wire.ts";
import { conclude, mismatched } from "./conclude.ts";
import { within } from "./connect-node.ts";
import type { TwinLink } from "./mirror-context.ts";
import { decodeTold, type ToldStatus } from "./told-status.ts";
import { InvalidAnswer, Troubles } from "./troubles.ts";

/** Receptor pushes nothing: it is asked this often (spec §2.7.4). */
const pollMs = 1_000;
const answerMs = 60_000;
/** A node that says so many times that its unit is over and gives no more bytes will never give them. */
const mostIdle = 5;

/**
 * Mirror a unit of a Receptor node: one loop asks for its status, one fetches output that is missing here.
 *
 * Resolves when the mirror is final. @throws the reason of `signal`.
 */
export async function watchReceptor(link: TwinLink, signal: AbortSignal): Promise<void> {
  const told = new Told();
  const over = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  // When either is through, the other has nothing left to do.
  const loop = (run: Promise<void>) => run.finally(() => over.abort(new Error("the other loop is over")));
  const ended = await Promise.allSettled([
    loop(askStatus(link, told, both).then(() => untilAborted(both))),
    loop(fetchOutput(link, told, both)),
  ]);
  signal.throwIfAborted();
  const failed = ended.find((one) => one.status === "rejected" && !over.signal.aborted);
  if (failed?.status === "rejected") throw failed.reason;
}

/** What the far end said last. */
class Told {
  status: ToldStatus | undefined;
  #wake: (() => void)[] = [];

  set(status: ToldStatus): void {
    this.status = status;
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** The unit is over and this many bytes are all it has. */
  isWhole(bytes: number): boolean {
    return this.status !== undefined && isFinal(this.status.State) && bytes >= this.status.StdoutSize;
  }

  /** Resolves at the next status, or after `ms`. */
  async changed(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
    const news = new AbortController();
    this.#wake.push(() => news.abort());
    await clock.sleep(ms, AbortSignal.any([signal, news.signal])).catch(() => signal.throwIfAborted());
  }
}

async function askStatus(link: TwinLink, told: Told, signal: AbortSignal): Promise<void> {
  const troubles = new Troubles(link);
  const backoff = link.backoff();
  for (;;) {
    try {
      const control = await link.connect(signal);
      try {
        for (;;) {
          const line = await within(answerMs, control, control.callLine(statusLine(link)));
          const status = toldIn(line);
          troubles.over();
          backoff.reset();
          told.set(status);
          if (isFinal(status.State)) return;
          link.record.told(status);
          await link.clock.sleep(pollMs, signal);
        }
      } finally {
        control.close();
      }
    } catch (error) {
      signal.throwIfAborted();
      if (await troubles.note(error)) throw error;
    }
    await backoff.wait(signal);
  }
}

function statusLine(link: TwinLink): string {
  return `work status ${link.record.data.RemoteUnitID}`;
}

function toldIn(line: string): ToldStatus {
  try {
    return decodeTold(line);
  } catch (error) {
    throw new InvalidAnswer(`could not parse response: ${line.slice(0, 200)}`, { cause: error });
  }
}

async function fetchOutput(link: TwinLink, told: Told, signal: AbortSignal): Promise<void> {
  const troubles = new Troubles(link);
  const backoff = link.backoff();
  let idle = 0;
  let isSecondTry = false;
  for (;;) {
    try {
      const before = (await link.output()).size;
      if (told.status && told.isWhole(before)) {
        if (await conclude(link, endingOf(told.status, before), isSecondTry)) return;
        isSecondTry = true;
      }
      if (before >= (told.status?.StdoutSize ?? 0) && !isSecondTry) {
        await told.changed(link.clock, pollMs, signal);
        continue;
      }
      const isOver = told.status !== undefined && isFinal(told.status.State);
      await fetchOnce(link, told, signal);
      troubles.over();
      const isStuck = (await link.output()).size === before;
      if (isStuck && isOver && ++idle >= mostIdle) {
        return await mismatched(link, `${before} bytes came and its final status counts ${told.status?.StdoutSize}`);
      }
      if (!isStuck) {
        backoff.reset();
        idle = 0;
        continue;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (await troubles.note(error)) return;
    }
    await backoff.wait(signal);
  }
}

/** Later bytes than the last status counts are output too: Receptor's status of a cancelled unit lags behind. */
function endingOf(status: ToldStatus, bytes: number): ToldStatus {
  return status.StdoutSha256 === undefined ? { ...status, StdoutSize: Math.max(status.StdoutSize, bytes) } : status;
}

async function fetchOnce(link: TwinLink, told: Told, signal: AbortSignal): Promise<void> {
  const output = await link.output();
  const control = await link.connect(signal);
  // Results of a cancelled unit never end (spec §1.12), so what is whole is left without waiting for an end.
  const leave = async () => {
    while (!told.isWhole(output.size)) await told.changed(link.clock, pollMs, closed.signal);
    control.close();
  };
  const closed = new AbortController();
  const leaving = leave().catch(() => undefined);
  try {
    const { RemoteUnitID: unitid, RemoteWorkType: workType } = link.record.data;
    const facts = { operation: "results", unitId: unitid, workType, startPos: output.size } as const;
    const signed = await link.signature(facts, "receptor");
    const request = { command: "work", subcommand: "results", unitid, startpos: output.size, ...signed };
    const line = await within(answerMs, control, control.callLine(request));
    if (!line.includes("Streaming results")) {
      throw new InvalidAnswer(`could not parse response: ${line.slice(0, 200)}`);
    }
    for await (const chunk of control.bytes()) {
      await output.append(chunk);
      if (told.isWhole(output.size)) return;
    }
  } catch (error) {
    // What is whole is whole, however the connection ended.
    if (!told.isWhole(output.size)) throw error;
  } finally {
    closed.abort(new Error(errorText("done")));
    control.close();
    await leaving;
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
