import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Closers } from "#core";
import { type Daemon, programs, startDaemon } from "../kit/daemon.ts";
import { endMarkedProcesses, processMark } from "../kit/marked-processes.ts";
import { type Output, runProcess } from "../kit/processes.ts";
import { tempFolder } from "../kit/temp-folder.ts";

const examples = join(import.meta.dirname, "..", "..", "examples");

/** Examples of one mesh, each with what differs on this machine. `{place}` is the mesh's own folder. */
export type Plan = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Nodes that run. At the end of its scope all are gone. */
export interface ExampleMesh extends AsyncDisposable {
  readonly place: string;
  /** `farhand` at the control socket of an example's node. */
  farhand(example: string, ...args: string[]): Promise<Output>;
  socketOf(example: string): string;
  /** Wait until the node of one example has a way to another node. */
  untilRoute(example: string, nodeId: string): Promise<void>;
}

/** Start the examples in the order given, and give them what they name in `/etc`. */
export async function meshOf(
  plan: Plan,
  prepare: (place: string) => Promise<unknown> = async () => {},
  env: Readonly<Record<string, string>> = {},
): Promise<ExampleMesh> {
  const folder = await tempFolder();
  const closers = new Closers();
  closers.add({ close: async () => await folder[Symbol.asyncDispose]() });
  closers.add({ close: async () => endMarkedProcesses(folder.path) });
  const socketOf = (example: string): string => folder.file(`${example}.sock`);
  const farhand = (example: string, ...args: string[]) =>
    runProcess(process.execPath, [programs.farhand, "--socket", socketOf(example), ...args]);
  try {
    mkdirSync(folder.file("etc"));
    await prepare(folder.file("etc"));
    for (const [example, changes] of Object.entries(plan)) {
      const file = folder.file(example);
      writeFileSync(file, changed(example, { ...placesIn(example), ...changes }).replaceAll("{place}", folder.path));
      const socket = socketOf(example);
      const mark = { ...env, ...processMark(folder.path) };
      const daemon = await startDaemon({ program: "farhand", args: ["worker", "-c", file], socket, env: mark });
      closers.add({ close: async () => await daemon[Symbol.asyncDispose]() });
      await isComplete(daemon);
    }
  } catch (error) {
    await closers.close();
    throw error;
  }
  const untilRoute = async (example: string, nodeId: string): Promise<void> => {
    const signal = AbortSignal.timeout(60_000);
    for (;;) {
      const { RoutingTable } = JSON.parse((await farhand(example, "status", "--json")).stdout);
      if (Object.hasOwn(RoutingTable, nodeId)) return;
      await sleep(100, undefined, { signal });
    }
  };
  return { place: folder.path, farhand, socketOf, untilRoute, [Symbol.asyncDispose]: () => closers.close() };
}

const isComplete = (daemon: Daemon) => daemon.line(/Initialization complete/, AbortSignal.timeout(30_000));

/** Places every example has: its own socket, a folder for units, and what stands in `/etc/farhand`. */
function placesIn(example: string): Record<string, string> {
  const text = readFileSync(join(examples, example), "utf8");
  const socket = /filename: (\/(?:tmp|run\/farhand)\/\w+\.sock)/.exec(text)?.[1] ?? "";
  const id = /^- node: \{id: (\w+)/m.exec(text)?.[1] ?? "";
  return {
    [socket]: `{place}/${example}.sock`,
    ...(text.includes("datadir: ") ? { "/var/lib/farhand": "{place}/data" } : {}),
    ...(text.includes("datadir: ") ? {} : { [`{id: ${id}`]: `{id: ${id}, datadir: "{place}/data"` }),
    ...(text.includes("/etc/farhand") ? { "/etc/farhand": "{place}/etc" } : {}),
  };
}

function changed(example: string, changes: Readonly<Record<string, string>>): string {
  const text = readFileSync(join(examples, example), "utf8");
  const gone = Object.keys(changes).filter((from) => !text.includes(from));
  if (gone.length > 0) throw new Error(`${example} says ${gone.join(", ")} no longer`);
  // In one go: what a change brings in is not changed again.
  const parts = new RegExp(Object.keys(changes).map(literally).join("|"), "g");
  return text.replaceAll(parts, (from) => changes[from] ?? from);
}

function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** As docs/tasks/make-certificates.md has it. */
export async function makeCertificates(place: string): Promise<void> {
  const farhand = async (...args: string[]) => {
    const { code, stderr } = await runProcess(process.execPath, [programs.farhand, ...args], { cwd: place });
    if (code !== 0) throw new Error(stderr);
  };
  const key = ["--bits", "2048"];
  await farhand("cert-init", "--commonname", "our mesh", ...key, "--outcert", "ca.crt", "--outkey", "ca.key");
  for (const id of ["foo", "bar"]) {
    const names = ["--commonname", id, "--nodeid", id, "--dnsname", `${id}.example`, "--ipaddress", "127.0.0.1"];
    await farhand("cert-makereq", ...names, ...key, "--outkey", `${id}.key`, "--outreq", `${id}.csr`);
    const authority = ["--cacert", "ca.crt", "--cakey", "ca.key"];
    await farhand("cert-signreq", "--req", `${id}.csr`, ...authority, "--outcert", `${id}.crt`, "--verify");
  }
}
