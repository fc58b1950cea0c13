import { permissions, text } from "../field.ts";
import type { SectionTable } from "../section.ts";

/** Where the worker can be spoken to. Source: Receptor specification §5.4 and §1.1. */
export const controlSections = {
  "control-service": {
    description: "Serves the control protocol on a Unix socket, a TCP port, the mesh, or all three.",
    mapName: "control-services",
    inMap: "list",
    phase: "run",
    fields: {
      service: text("Name of the service on the mesh; empty for none.", { default: "control" }),
      filename: text("Path of the Unix socket."),
      permissions: permissions("Permissions of the Unix socket, in octal.", { default: 0o600 }),
      tls: text("tls-server profile for the service on the mesh.", { profile: "tls-server" }),
      tcplisten: text("Port, or host:port, to listen on."),
      tcptls: text("tls-server profile for the TCP port.", { profile: "tls-server" }),
    },
  },
  "metrics-service": {
    description: "Serves `/metrics` (Prometheus) and `/healthz` over HTTP to this machine.",
    mapName: "metrics-service",
    inMap: "single",
    phase: "run",
    singleton: true,
    own: true,
    fields: {
      listen: text("host:port, of the loopback interface.", { bare: true, default: "127.0.0.1:9090" }),
    },
  },
} as const satisfies SectionTable;
