import { type Clock, systemClock } from "#core";
import { MeshError } from "../../errors.ts";
import type { Session } from "../backend.ts";
import { type DialerBackend, type RedialOptions, redialling } from "../redial.ts";
import { ClientCarrier } from "./client-carrier.ts";
import { batchType, decodeOpening, type Opening } from "./protocol.ts";
import { Requests, type HttpPeerSettings } from "./requests.ts";

/** Dials an `http-listener`, through the proxy that the environment names if there is one. */
export function httpPeer(settings: HttpPeerSettings, options: RedialOptions = {}): DialerBackend {
  const address = withoutSecrets(settings.url);
  const dial = async (signal: AbortSignal): Promise<Session> =>
    await openSession(settings, `http ${address}`, options.clock ?? systemClock, signal);
  return redialling({ description: `http-peer ${address}`, dial }, options);
}

async function openSession(
  settings: HttpPeerSettings,
  description: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<Session> {
  const requests = new Requests(settings);
  try {
    const carrier = new ClientCarrier(requests, await askForSession(requests, signal), description, clock);
    signal.throwIfAborted();
    carrier.run();
    return carrier.session;
  } catch (error) {
    requests.close();
    throw error;
  }
}

async function askForSession(requests: Requests, signal: AbortSignal): Promise<Opening> {
  const ask = { method: "POST", headers: { "Content-Type": batchType }, limitMs: 60_000 } as const;
  const { status, body } = await requests.ask(ask, signal);
  if (status === 201) return decodeOpening(body);
  throw new MeshError("DIAL_FAILED", refusals[status] ?? `the far end answers ${status}, so it is no http-listener`);
}

const refusals: Readonly<Record<number, string>> = {
  404: "the far end has nothing at this path",
  407: "the proxy wants a user and a password",
  503: "the far end, or a proxy before it, has no room for a session",
};

/** For logs and people. */
function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return "an address that is none";
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
