import { integer, permissions, text } from "../field.ts";
import type { SectionTable } from "../section.ts";

const service = text("Name of the service on the mesh.", { required: true });
const port = integer("Port to listen on.", { required: true, min: 0, max: 65_535 });
const bindaddr = text("Address to listen on.", { default: "0.0.0.0" });
const remotenode = text("Node that offers the service.", { required: true });
const remoteservice = text("Service to connect to.", { required: true });
const address = text("host:port to connect to.", { required: true });
const tlsserver = text("tls-server profile for connections that come in.", { profile: "tls-server" });
const tlsclient = text("tls-client profile for connections that go out.", { profile: "tls-client" });
const list = { inMap: "list", phase: "run" } as const;

/** Proxies and other services of the mesh. Source: Receptor specification §5.4 and §7. */
export const serviceSections = {
  "tcp-server": {
    ...list,
    description: "Listens on TCP and carries each connection to a service of the mesh.",
    mapName: "tcp-servers",
    fields: { port, bindaddr, remotenode, remoteservice, tlsserver, tlsclient },
  },
  "tcp-client": {
    ...list,
    description: "A service of the mesh that connects to a TCP address.",
    mapName: "tcp-clients",
    fields: { service, address, tlsserver, tlsclient },
  },
  "udp-server": {
    ...list,
    description: "Listens on UDP and carries each packet to a service of the mesh.",
    mapName: "udp-servers",
    fields: { port, bindaddr, remotenode, remoteservice },
  },
  "udp-client": {
    ...list,
    description: "A service of the mesh that sends to a UDP address.",
    mapName: "udp-clients",
    fields: { service, address },
  },
  "unix-socket-server": {
    ...list,
    description: "Listens on a Unix socket and carries each connection to a service of the mesh.",
    mapName: "unix-socket-servers",
    fields: {
      filename: text("Path of the socket.", { required: true }),
      permissions: permissions("Permissions of the socket, in octal.", { default: 0o600 }),
      remotenode,
      remoteservice,
      tls: text("Name of a tls-client profile.", { profile: "tls-client" }),
    },
  },
  "unix-socket-client": {
    ...list,
    description: "A service of the mesh that connects to a Unix socket.",
    mapName: "unix-socket-clients",
    fields: {
      service,
      filename: text("Path of the socket.", { required: true }),
      tls: text("Name of a tls-server profile.", { profile: "tls-server" }),
    },
  },
  "command-service": {
    ...list,
    later: "a terminal for each connection",
    description: "A service of the mesh that runs a command on a terminal for each connection.",
    mapName: "command-services",
    fields: {
      service,
      command: text("Command to run, split like a shell does.", { required: true }),
      tls: text("Name of a tls-server profile.", { profile: "tls-server" }),
    },
  },
  "ip-router": {
    ...list,
    later: "routing IP packets over the mesh",
    description: "Routes IP packets over the mesh through a tun device.",
    mapName: "iprouters",
    fields: {
      networkname: text("Name of the network; its routers find each other by it.", { required: true }),
      interface: text("Name of the tun device."),
      localnet: text("IPv4 network of the device, a /30.", { required: true }),
      routes: text("Networks reached through this node, CIDR, separated by commas."),
    },
  },
} as const satisfies SectionTable;
