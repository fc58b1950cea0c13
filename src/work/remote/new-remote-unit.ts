import { type Clock, parseGoDuration } from "#core";
import { WorkError } from "../errors.ts";
import { isSecretName, remoteType, type TwinRecord, UnitState, type UnitStatus } from "../wire.ts";
import { newRemoteData, never } from "./remote-data.ts";
import type { RemoteOptions } from "./remote-options.ts";

/** Work for another node, as a submit asks for it. */
export interface NewRemoteUnit {
  readonly node: string;
  readonly workType: string;
  readonly params: Readonly<Record<string, string>>;
  /** Name of a tls-client profile. */
  readonly tlsClient?: string | undefined;
  /** How long it may wait for the node, as a Go duration. */
  readonly ttl?: string | undefined;
  readonly signWork?: boolean | undefined;
}

/**
 * The first status of a remote unit. Everything that can be refused is refused here, before there is a unit (spec
 * §2.7.2). That the node exists is not asked: it may come.
 *
 * @param twin the token that proves to the other node that an order given again is the same, and the machine's boot.
 * @throws {WorkError} `REQUEST_INVALID`, in the words of the specification.
 */
export function newRemoteStatus(
  wanted: NewRemoteUnit,
  twin: TwinRecord,
  { hasTlsClient }: Pick<RemoteOptions, "hasTlsClient">,
  clock: Pick<Clock, "now">,
): UnitStatus {
  const { node, workType, params, tlsClient = "", ttl, signWork = false } = wanted;
  // What newer versions of Receptor allow in a node id (spec §9).
  if (!/^[A-Za-z0-9._@:-]{1,255}$/.test(node)) throw invalid(`node id ${JSON.stringify(node)} is not valid`);
  if (tlsClient !== "" && !hasTlsClient(tlsClient)) throw invalid(`unknown TLS config ${tlsClient}`);
  if (tlsClient === "" && Object.keys(params).some(isSecretName)) {
    throw invalid("cannot send secrets over a non-TLS connection");
  }
  return {
    State: UnitState.Pending,
    Detail: "Unit Created",
    StdoutSize: 0,
    WorkType: remoteType,
    ExtraData: newRemoteData({
      RemoteNode: node,
      RemoteWorkType: workType,
      RemoteParams: params,
      SignWork: signWork,
      TLSClient: tlsClient,
      Expiration: ttl ? expiration(ttl, clock.now()) : never,
    }),
    CreatedAt: new Date(clock.now()).toISOString(),
    Twin: twin,
  };
}

function expiration(ttl: string, now: number): string {
  const duration = parseGoDuration(ttl);
  if (duration === undefined) throw invalid(`time: invalid duration ${JSON.stringify(ttl)}`);
  // The end of the calendar is as good as never, and a Date cannot say more.
  const at = Math.min(now + Number(duration / 1_000_000n), Date.UTC(9999, 11, 31));
  return new Date(at).toISOString();
}

function invalid(message: string): WorkError {
  return new WorkError("REQUEST_INVALID", message);
}
