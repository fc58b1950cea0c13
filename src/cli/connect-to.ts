import { type ControlClient, ControlError } from "#control";
import type { MeshErrorCode } from "#mesh";

/** A service of a node, and the `tls-client` profile the worker reaches it with. */
export interface ConnectTarget {
  readonly node: string;
  readonly service: string;
  readonly tlsClient?: string | undefined;
}

/**
 * From here on the connection is one to a service of a node (spec §1.6).
 *
 * @throws {MeshError} when the worker does not get there; `WorkError` when it does not let us.
 */
export async function connectTo(
  control: ControlClient,
  { node, service, tlsClient = "" }: ConnectTarget,
): Promise<void> {
  try {
    await control.callLine({ command: "connect", node, service, ...(tlsClient && { tls: tlsClient }) });
  } catch (error) {
    throw error instanceof ControlError && error.code === "REMOTE_ERROR" ? await meant(error) : error;
  }
}

/** The wire carries texts only (spec §1.2); the first row that fits gives the code back. */
const knownFailures: readonly (readonly [text: RegExp, code: MeshErrorCode])[] = [
  [/no route to node/, "NO_ROUTE"],
  [/service unknown/, "SERVICE_UNKNOWN"],
  [/blocked by firewall/, "BLOCKED"],
  [/unknown TLS config/, "TLS_PROFILE_UNKNOWN"],
  [/certificate|CRYPTO_ERROR|insecure connection to secure service/i, "TLS_REFUSED"],
  [/did not answer in time|timeout/, "TIMEOUT"],
];

async function meant({ message, cause }: ControlError): Promise<Error> {
  if (/ is not allowed (from node|over) /.test(message)) {
    const { WorkError } = await import("#work");
    return new WorkError("WORK_REFUSED", message, { cause });
  }
  const { MeshError } = await import("#mesh");
  const code = knownFailures.find(([text]) => text.test(message))?.[1] ?? "STREAM_REFUSED";
  return new MeshError(code, message, { cause });
}
