import { hostname } from "node:os";
import { ControlError } from "#control";
import { WorkError } from "#work";
import { type Directive, parseReceptorArgs, readSettingsFile, sectionRow, startDaemon } from "#worker";
import { embeddedArgs, makeStateFolder } from "./embedded.ts";
import { CliError } from "./errors.ts";
import { hearInterrupts } from "./interrupts.ts";
import { lockHolder } from "./lock-holder.ts";
import { defaultPlaces } from "./places.ts";
import type { Terminal } from "./terminal.ts";

/** `farhand worker`: from configuration files, or on embedded defaults without any. Ends when it is told to. */
export async function runWorker(files: readonly string[], terminal: Terminal): Promise<number> {
  if (files.length > 0) return await runDaemon(directivesIn(files.flatMap((file) => ["-c", file])), files, terminal);
  const places = defaultPlaces(terminal.env);
  makeStateFolder(places.state);
  try {
    return await runDaemon(directivesIn(embeddedArgs(places, hostname())), [], terminal);
  } catch (error) {
    throw isTaken(error) ? alreadyRunning(places.state, places.socket, error) : error;
  }
}

function directivesIn(args: readonly string[]): readonly Directive[] {
  const request = parseReceptorArgs(args, readSettingsFile);
  return request.kind === "start" ? request.directives : [];
}

/** Run a daemon until a signal ends it, or it must not go on; units that run go on without it. */
export async function runDaemon(
  directives: readonly Directive[],
  configFiles: readonly string[],
  terminal: Terminal,
): Promise<number> {
  if (await ranCertificatesOnly(directives, terminal)) return 0;
  terminal.outliveOutput();
  // Heard before there is anything to stop, so that a signal while it starts is not lost.
  const interrupts = hearInterrupts();
  try {
    const daemon = await startDaemon(directives, { configFiles });
    const failure = await Promise.race([fired(interrupts.signal), daemon.failed]);
    if (!failure) daemon.log.info("stopping; units that run go on");
    await daemon.close();
    if (failure) throw failure;
    return 0;
  } finally {
    interrupts.close();
  }
}

async function fired(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

/** Certificate sections come before everything else, and in a file of nothing else they are all (spec §5.5). */
async function ranCertificatesOnly(directives: readonly Directive[], terminal: Terminal): Promise<boolean> {
  const certificates = directives.filter(({ section }) => sectionRow(section).exclusive);
  if (certificates.length === 0) return false;
  // Loaded where it is used: a worker starts without it.
  const { askOn, makeCertificates } = await import("./certificates.ts");
  const ask = askOn(terminal, (text) => terminal.write(Buffer.from(text)));
  await makeCertificates(certificates, ask);
  return certificates.length === directives.length;
}

function isTaken(error: unknown): boolean {
  if (error instanceof ControlError) return error.code === "SOCKET_LOCKED";
  return error instanceof WorkError && error.code === "DATA_DIR_IN_USE";
}

function alreadyRunning(state: string, socket: string, cause: unknown): CliError {
  const pid = lockHolder(socket);
  const who = pid === undefined ? "a worker already runs" : `a worker already runs (pid ${pid})`;
  return new CliError("ALREADY_RUNNING", `${who} with its state in ${state} and its control socket at ${socket}`, {
    cause,
    remedy: `\`farhand status\` to see it${pid === undefined ? "" : `, \`kill ${pid}\` to stop it`}`,
  });
}
