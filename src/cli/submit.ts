import { submitUnit } from "#work";
import type { SubmitOptions } from "./commands/work-submit.ts";
import { type Connector, connectorOf } from "./connection.ts";
import { CliError } from "./errors.ts";
import { following } from "./following.ts";
import { hearInterrupts } from "./interrupts.ts";
import { openPayload, workParams } from "./payload.ts";
import { release } from "./release.ts";
import type { Terminal } from "./terminal.ts";

interface Submission {
  readonly workType: string;
  /** Words behind the work type. */
  readonly words: readonly string[];
  readonly options: SubmitOptions;
}

/** Hand in a unit; with `-f` follow it and end with its exit code. */
export async function submit({ workType, words, options }: Submission, terminal: Terminal): Promise<number> {
  if (!options.follow && (options.rm || options.cancelOnInterrupt)) {
    throw new CliError("USAGE", "--rm and --cancel-on-interrupt are about following", { remedy: "add -f" });
  }
  const connect = await connectorOf(options, terminal.env);
  const params = await workParams(options.param ?? [], words);
  const payload = await openPayload(options, terminal);
  const { node = "localhost", tlsClient, ttl, signwork: signWork } = options;
  const interrupts = hearInterrupts();
  try {
    const request = { node, workType, params, tlsClient, ttl, signWork };
    const { unitId, result, nodeId } = await handIn(connect, request, payload, interrupts.signal);
    const { json } = options;
    if (!options.follow) {
      if (json) terminal.print(JSON.stringify({ unitid: unitId, result }));
      else tellStarted(unitId, whatBecame(result, nodeId, node), terminal);
      return 0;
    }
    if (!json) terminal.say(`unit ${unitId} ${whatBecame(result, nodeId, node)}`);
    const { cancelOnInterrupt = false } = options;
    const follow = { unitId, from: 0, connect, cancelOnInterrupt, json, wasReached: true, more: { result } };
    const exit = await following(follow, interrupts.signal, terminal);
    if (options.rm) await release(connect, unitId);
    return exit;
  } finally {
    interrupts.close();
  }
}

/** @param nodeId of the node spoken to. @param target of the node that shall run the unit. */
function whatBecame(result: string, nodeId: string, target: string): string {
  const isHere = target.toLowerCase() === "localhost" || target === nodeId;
  if (result !== "Job Submitted") return `started on ${isHere ? nodeId : target}`;
  return isHere ? `waits for its turn on ${nodeId}` : `waits on ${nodeId} for ${target}`;
}

/** The id alone is output; what one may do with it is prose. */
function tellStarted(unitId: string, became: string, terminal: Terminal): void {
  terminal.print(unitId);
  terminal.say(`${became}; follow it with \`farhand work results ${unitId}\``);
}

type Request = Parameters<typeof submitUnit>[1];

async function handIn(
  connect: Connector,
  request: Request,
  payload: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<{ unitId: string; result: string; nodeId: string }> {
  const control = await connect();
  let created: string | undefined;
  let isWhole = false;
  const source = brokenBy(signal, payload, () => (isWhole = true));
  // Closed only once the payload is whole: a connection closed before would look like its end.
  const hangUp = (): void => void (isWhole && control.close());
  signal.addEventListener("abort", hangUp);
  try {
    const unit = await submitUnit(control, request, source, (id) => (created = id));
    return { ...unit, nodeId: control.nodeId };
  } catch (error) {
    throw signal.aborted ? interrupted(signal.reason as CliError, isWhole ? created : undefined) : error;
  } finally {
    signal.removeEventListener("abort", hangUp);
    control.close();
  }
}

/** The payload, failing when the signal fires even while its source is silent: then the worker starts nothing. */
async function* brokenBy(
  signal: AbortSignal,
  source: AsyncIterable<Uint8Array>,
  whole: () => void,
): AsyncGenerator<Uint8Array> {
  const broken = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
  broken.catch(() => {});
  const chunks = source[Symbol.asyncIterator]();
  for (;;) {
    signal.throwIfAborted();
    const next = await Promise.race([chunks.next(), broken]);
    if (next.done) return whole();
    yield next.value;
  }
}

function interrupted(reason: CliError, unitId: string | undefined): CliError {
  if (unitId === undefined) return new CliError(reason.code, `${reason.message}: nothing was started`);
  return new CliError(reason.code, `${reason.message}: unit ${unitId} may have been started`, {
    remedy: `\`farhand work status ${unitId}\``,
  });
}
