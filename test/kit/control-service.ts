import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import {
  type ControlAddress,
  type ControlCommand,
  ControlError,
  type ControlLimits,
  type ControlListener,
  openControlListener,
  parseControlAddress,
} from "#control";
import type { TlsServerProfile } from "#core";
import { makeCertificates, type TestCertificates } from "./certificates.ts";
import { tempFolder } from "./temp-folder.ts";

/** The kinds of socket a control service listens on; the protocol is the same on each. */
export const socketKinds = ["unix", "tcp", "tls"] as const;
export type SocketKind = (typeof socketKinds)[number];

/** A control service with commands of the test's own. At the end of its scope it is closed and its folder removed. */
export interface TestService extends AsyncDisposable {
  readonly kind: SocketKind;
  readonly address: ControlAddress;
  readonly certificates: TestCertificates | undefined;
  readonly listener: ControlListener;
  /** Messages of the log, at any level. */
  readonly logged: string[];
}

export interface TestServiceOptions {
  readonly commands?: readonly ControlCommand[];
  readonly limits?: Partial<ControlLimits>;
  readonly tls?: Partial<TlsServerProfile>;
}

/** Open a service of node `alpha` on one kind of socket. */
export async function openTestService(kind: SocketKind, options: TestServiceOptions = {}): Promise<TestService> {
  const folder = await tempFolder();
  const certificates = kind === "tls" ? await makeCertificates(folder.path) : undefined;
  const logged: string[] = [];
  const say = (message: string): void => void logged.push(message);
  const listener = await openControlListener({
    nodeId: "alpha",
    commands: options.commands ?? [],
    log: { warn: say, error: say },
    limits: options.limits,
    ...(kind === "unix" ? { filename: join(folder.path, "s") } : { tcpListen: "127.0.0.1:0" }),
    ...(certificates ? { tcpTls: { ...certificates.server, clientCas: certificates.ca, ...options.tls } } : {}),
  });
  const address = parseControlAddress(listener.addresses[0] ?? "", { rootCas: certificates?.ca });
  const close = async (): Promise<void> => {
    await listener.close();
    await folder[Symbol.asyncDispose]();
  };
  return { kind, address, certificates, listener, logged, [Symbol.asyncDispose]: close };
}

/** A command from its word and what it does; its request is `{rest}` in text and everything in JSON. */
export function command(name: string, run: ControlCommand["run"]): ControlCommand {
  return { name, parseText: (rest) => ({ rest }), parseJson: (request) => request, run };
}

/** A client that sends what it is told, right or wrong, and shows what came. */
export interface RawClient extends Disposable {
  readonly socket: Socket;
  /** The TCP socket below TLS; otherwise the socket itself. */
  readonly transport: Socket;
  send(bytes: string | Uint8Array): void;
  /** The next line that came. */
  line(): Promise<string>;
  /** Everything from here to the end of the stream. */
  rest(): Promise<string>;
}

/** Connect without knowing the protocol; the banner is the first line. */
export function rawClient({ address, certificates }: TestService): RawClient {
  const options = { allowHalfOpen: true };
  const transport =
    address.kind === "unix"
      ? connect({ path: address.path, ...options })
      : connect({ host: address.host, port: address.port, ...options });
  transport.on("error", () => {});
  const tls = { ...options, socket: transport, rejectUnauthorized: false, servername: "localhost" };
  const socket = certificates ? connectTls(tls) : transport;
  socket.on("error", () => {});
  const arrived = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let text = "";
  const more = async (): Promise<boolean> => {
    const { value, done } = await arrived.next();
    if (!done) text += value.toString();
    return !done;
  };
  return {
    socket,
    transport,
    send: (bytes) => void socket.write(bytes),
    line: async () => {
      while (!text.includes("\n"))
        if (!(await more())) throw new ControlError("CONNECTION_LOST", `end after "${text}"`);
      const line = text.slice(0, text.indexOf("\n"));
      text = text.slice(line.length + 1);
      return line;
    },
    rest: async () => {
      while (await more());
      const rest = text;
      text = "";
      return rest;
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}
