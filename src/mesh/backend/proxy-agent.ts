import type { Agent, ClientRequest } from "node:http";
import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import { HttpsProxyAgent } from "https-proxy-agent";
import { getProxyForUrl } from "proxy-from-env";
import { MeshError } from "../errors.ts";

/** WebSocket addresses go through the proxies of http and https, as they do in a Receptor (spec §3.2). */
const schemes: Readonly<Record<string, string>> = { "ws:": "http:", "wss:": "https:" };

/**
 * The proxy the environment names for an address (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, either case),
 * or undefined. It may hold a user and a password: never log it.
 */
export function proxyUrlFor(url: string): URL | undefined {
  const target = new URL(url);
  const scheme = schemes[target.protocol] ?? target.protocol;
  const proxy = getProxyForUrl(`${scheme}//${target.host}`);
  return proxy === "" ? undefined : new URL(proxy);
}

/**
 * An agent that tunnels through a proxy to an address by CONNECT, for `http`, `https`, `ws` and `wss` alike; undefined when
 * the address is reached without one. TLS options of a request still apply to the far server. Where the proxy does not let us
 * through, the request fails with a {@link MeshError} `DIAL_FAILED`.
 *
 * @param signal destroys what the agent opened: a request that is given up leaves its half-made tunnel behind.
 * @param named the proxy, whatever the environment says; it may hold a user and a password.
 */
export function proxyAgentFor(url: string, signal?: AbortSignal, named?: string): Agent | undefined {
  const proxy = named ? new URL(named) : proxyUrlFor(url);
  if (!proxy) return undefined;
  const agent = new TunnelAgent(proxy, { keepAlive: true, ...(signal ? { signal } : {}) });
  return agent.on("proxyConnect", requireTunnel);
}

type ConnectOptions = Parameters<HttpsProxyAgent<string>["connect"]>[1];

/** The library drops the far host from the TLS options: of an address, Node would see whether the certificate is for `localhost`. */
class TunnelAgent extends HttpsProxyAgent<string> {
  override connect(request: ClientRequest, options: ConnectOptions): ReturnType<HttpsProxyAgent<string>["connect"]> {
    const { host } = options;
    if (!options.secureEndpoint || !host) return super.connect(request, options);
    return super.connect(request, {
      checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
      ...options,
    });
  }
}

/** The library would give the proxy's own answer out as the far server's, which nobody has seen yet. */
function requireTunnel({ statusCode }: { readonly statusCode: number }, request: ClientRequest): void {
  if (statusCode === 200) return;
  const why =
    statusCode === 407
      ? "the HTTP proxy wants a user and a password: http://USER:PASSWORD@HOST:PORT in HTTPS_PROXY, or where it is named"
      : `the HTTP proxy does not let us through: it answers ${statusCode}`;
  request.destroy(new MeshError("DIAL_FAILED", why));
}

/** As {@link proxyAgentFor}; and, as in a Receptor, no proxy is asked for what is on this machine. */
export function outwardAgent(url: string, signal?: AbortSignal, named?: string): Agent | undefined {
  return isThisMachine(new URL(url).hostname) ? undefined : proxyAgentFor(url, signal, named);
}

function isThisMachine(hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
