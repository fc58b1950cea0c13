import type { Closers, Log } from "#core";
import { type Mesh, openProxy, type ProxySettings, type TlsProfiles } from "#mesh";
import type { Directive } from "./settings/mod.ts";

/** What proxies stand on. */
export interface ProxiesOptions {
  readonly mesh: Mesh;
  readonly profiles: TlsProfiles;
  readonly log: Log;
  /** What is opened is added here. */
  readonly closers: Closers;
}

/** Open the proxies of a configuration, in its order (spec §7). @throws {MeshError | TlsProfileError} */
export async function openProxies(
  directives: readonly Directive[],
  { mesh, profiles, log, closers }: ProxiesOptions,
): Promise<void> {
  for (const directive of directives) {
    const settings = proxyOf(directive, profiles);
    if (!settings) continue;
    const { addresses, offers } = closers.add(await openProxy(settings, mesh, log));
    for (const address of addresses) log.info(`${settings.kind} listens on ${address}`);
    if (offers) log.info(`${settings.kind} offers service ${offers.service}`);
  }
}

function proxyOf(directive: Directive, profiles: TlsProfiles): ProxySettings | undefined {
  switch (directive.section) {
    case "tcp-server": {
      const { bindaddr: host, port, remotenode: node, remoteservice, tlsserver, tlsclient } = directive.values;
      const remote = { node, service: remoteservice, tls: tlsclient || undefined };
      return { kind: directive.section, host, port, remote, tls: tlsserver ? profiles.server(tlsserver) : undefined };
    }
    case "tcp-client": {
      const { service, address, tlsserver, tlsclient } = directive.values;
      const tls = tlsclient ? profiles.client(tlsclient) : undefined;
      return { kind: directive.section, service, address, tlsServer: tlsserver || undefined, tls };
    }
    case "udp-server": {
      const { bindaddr: host, port, remotenode: node, remoteservice: service } = directive.values;
      return { kind: directive.section, host, port, remote: { node, service } };
    }
    case "udp-client": {
      const { service, address } = directive.values;
      return { kind: directive.section, service, address };
    }
    case "unix-socket-server": {
      const { filename, permissions, remotenode: node, remoteservice: service, tls } = directive.values;
      return { kind: directive.section, filename, permissions, remote: { node, service, tls: tls || undefined } };
    }
    case "unix-socket-client": {
      const { service, filename, tls } = directive.values;
      return { kind: directive.section, service, filename, tlsServer: tls || undefined };
    }
    default:
      return undefined;
  }
}
