import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeCertificates, type TestCertificates } from "../kit/certificates.ts";
import { type Daemon, startDaemon } from "../kit/daemon.ts";
import { endMarkedProcesses, processMark } from "../kit/marked-processes.ts";
import type { Output, StartOptions } from "../kit/processes.ts";
import { type ReceptorctlTarget, receptorctl } from "../kit/receptorctl.ts";
import { tempFolder } from "../kit/temp-folder.ts";

/** The ways a client can take to a control service. */
export const roads = ["unix", "tcp", "tls"] as const;
export type Road = (typeof roads)[number];

/** A folder in which a worker is started, killed and started again: settings, socket, data. Removed at the end. */
export interface Place extends AsyncDisposable {
  readonly path: string;
  readonly settings: string;
  readonly socket: string;
  readonly dataDir: string;
  file(name: string): string;
  /** Write a file of the test's own. Gives its path. */
  write(name: string, content: string | Uint8Array): string;
  /** Start `bin/receptor -c`, or with other arguments. The caller closes it. */
  start(options?: StartOptions & { readonly args?: readonly string[] }): Promise<Daemon>;
  /** The real client over the Unix socket. */
  ctl(...args: string[]): Promise<Output>;
}

/** Make a place with this settings file; `{place}` in it stands for the folder. */
export async function workerPlace(settings: string): Promise<Place> {
  const folder = await tempFolder();
  const [path, socket] = [folder.file("settings.yml"), folder.file("s")];
  writeFileSync(path, settings.replaceAll("{place}", folder.path));
  const write = (name: string, content: string | Uint8Array) => {
    writeFileSync(folder.file(name), content);
    return folder.file(name);
  };
  return {
    ...folder,
    settings: path,
    socket,
    dataDir: folder.file("data"),
    write,
    start: ({ args = ["-c", path], env, ...options } = {}) =>
      startDaemon({ ...options, args, socket, env: { ...env, ...processMark(folder.path) } }),
    ctl: (...args) => receptorctl(socket, ...args),
    [Symbol.asyncDispose]: async () => {
      endMarkedProcesses(folder.path);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Node `alpha` and its Unix socket; work types come after it. receptorctl stumbles over items that are plain text. */
export const alpha = `
- node: {id: alpha, datadir: "{place}/data"}
- local-only: {}
- control-service: {filename: "{place}/s"}
`;

/** A work type that prints a line, waits until the file named by its params is there, and prints another. */
export const gated = `
- work-command: {worktype: gated, command: bash, allowruntimeparams: true,
    params: "-c 'echo first; until test -e $0; do sleep 0.05; done; echo second'"}
`;

/** Node `alpha` that listens on every road. */
export interface Worker extends AsyncDisposable {
  readonly place: Place;
  readonly daemon: Daemon;
  readonly certificates: TestCertificates;
  /** Address and options for one road. */
  target(road: Road): ReceptorctlTarget;
  ctl(road: Road, ...args: string[]): Promise<Output>;
}

const services = `
- tls-server: {name: server, cert: "{place}/tls/server.crt", key: "{place}/tls/server.key",
    requireclientcert: true, clientcas: "{place}/tls/ca.crt", skipreceptornamescheck: true}
- tls-client: {name: client, cert: "{place}/tls/client.crt", key: "{place}/tls/client.key",
    rootcas: "{place}/tls/ca.crt", skipreceptornamescheck: true}
- control-service: {service: tcp, tcplisten: "127.0.0.1:0"}
- control-service: {service: tls, tcplisten: "127.0.0.1:0", tcptls: server}
`;

/** Start a worker with these work types. */
export async function startWorker(workTypes: string): Promise<Worker> {
  const place = await workerPlace(alpha + services + workTypes);
  mkdirSync(place.file("tls"));
  const certificates = await makeCertificates(place.file("tls"));
  const daemon = await place.start();
  const [, tcp = "", tls = ""] = await addressesOf(daemon);
  const { cert, key } = certificates.client;
  const targets: Readonly<Record<Road, ReceptorctlTarget>> = {
    unix: { socket: place.socket },
    tcp: { socket: tcp },
    tls: { socket: tls, options: ["--rootcas", certificates.ca, "--cert", cert, "--key", key] },
  };
  return {
    place,
    daemon,
    certificates,
    target: (road) => targets[road],
    ctl: (road, ...args) => receptorctl(targets[road], ...args),
    [Symbol.asyncDispose]: async () => {
      await daemon[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}

/** Where the daemon says that it listens, once it does so everywhere. Ports are the system's choice. */
export async function addressesOf(daemon: Daemon): Promise<string[]> {
  const line = await daemon.line(/Initialization complete/, AbortSignal.timeout(30_000));
  const { control } = JSON.parse(line.slice(line.indexOf("{"))) as { control: string[] };
  return control;
}

/** What `work list` tells of a unit. */
export interface ListedUnit {
  readonly State: number;
  readonly StateName: string;
  readonly Detail: string;
  readonly StdoutSize: number;
  readonly WorkType: string;
  readonly ExtraData: { readonly Pid: number; readonly Params: string } | null;
  readonly Cause?: string;
  readonly ExitCode?: number;
  readonly StdoutSha256?: string;
}

/** The units in the answer of `work list`. */
export function unitsIn(answer: Output): Record<string, ListedUnit> {
  return JSON.parse(answer.stdout) as Record<string, ListedUnit>;
}

/** The unit id in the answer of `work submit`. @throws with what the client said instead. */
export function unitIdIn({ stdout, stderr }: Output): string {
  const id = /^Unit ID: ([a-zA-Z0-9]+)$/m.exec(stdout)?.[1];
  if (id === undefined) throw new Error(`no unit was made:\n${stdout}${stderr}`);
  return id;
}

/** The path of a unit's file, or of its folder. */
export function unitFile(place: Place, id: string, name = ""): string {
  return join(place.dataDir, "alpha", id, name);
}
