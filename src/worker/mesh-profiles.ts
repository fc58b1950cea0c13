import type { Log, TlsClientProfile, TlsServerProfile } from "#core";
import { type CheckedProfile, checkProfileNames, type TlsProfiles, tlsProfiles } from "#mesh";
import { type Directive, directivesOf, type Values } from "./settings/mod.ts";

/** The TLS profiles of a configuration, by name. Nothing is read yet. */
export function profilesOf(directives: readonly Directive[], log: Log): TlsProfiles {
  const servers = directivesOf(directives, "tls-server").map(({ values }) => values);
  const clients = directivesOf(directives, "tls-client").map(({ values }) => values);
  return tlsProfiles({
    servers: new Map(servers.map((values) => [values.name, serverProfile(values)])),
    clients: new Map(clients.map((values) => [values.name, clientProfile(values)])),
    log,
  });
}

/** The checks of start-up (spec §4.5). @throws {TlsProfileError} */
export function checkProfiles(directives: readonly Directive[], nodeId: string): void {
  checkProfileNames(
    nodeId,
    directives.flatMap((directive): CheckedProfile[] => {
      if (directive.section !== "tls-server" && directive.section !== "tls-client") return [];
      const { name, skipreceptornamescheck: skipNamesCheck } = directive.values;
      return directive.section === "tls-server"
        ? [{ kind: "server", name, skipNamesCheck, profile: serverProfile(directive.values) }]
        : [{ kind: "client", name, skipNamesCheck, profile: clientProfile(directive.values) }];
    }),
  );
}

function serverProfile(values: Values<"tls-server">): TlsServerProfile {
  return {
    cert: values.cert,
    key: values.key,
    requireClientCert: values.requireclientcert,
    clientCas: values.clientcas,
    pinnedClientCert: values.pinnedclientcert,
    minTls13: values.mintls13,
  };
}

function clientProfile(values: Values<"tls-client">): TlsClientProfile {
  return {
    cert: values.cert,
    key: values.key,
    rootCas: values.rootcas,
    wellKnownRoots: values.wellknownroots,
    insecureSkipVerify: values.insecureskipverify,
    pinnedServerCert: values.pinnedservercert,
    minTls13: values.mintls13,
  };
}
