import { Agent as PlainAgent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import type { Duplex } from "node:stream";
import { connect } from "node:tls";
import { tlsOptions, type Trust, trustFault } from "./trust.ts";
import { connectFault, untrusted } from "./connect-fault.ts";

const connectMs = 15_000;

type Connected = (error: Error | null, stream?: Duplex) => void;

/**
 * Makes the connections to one server, and keeps them for what is asked next.
 *
 * A byte of ours goes over a connection only once the server at its other end has proved itself.
 */
export function agentFor(url: URL, trust: Trust): PlainAgent {
  if (url.protocol === "http:") return new PlainAgent({ keepAlive: true });
  const agent = new TlsAgent({ keepAlive: true });
  const hooked = agent as unknown as { createConnection(options: object, done: Connected): undefined };
  hooked.createConnection = (_options, done) => {
    open(url, trust, done);
  };
  return agent;
}

function open(url: URL, trust: Trust, done: Connected): void {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const socket = connect({ host, port: Number(url.port || 443), ...tlsOptions(trust, host) });
  const failed = (error: Error): void => {
    clearTimeout(limit);
    socket.destroy();
    done(error);
  };
  const limit = setTimeout(() => failed(connectFault(url, new Error("it does not answer"))), connectMs);
  const refused = (error: Error): void => failed(connectFault(url, error));
  socket.once("error", refused);
  socket.once("secureConnect", () => {
    clearTimeout(limit);
    socket.off("error", refused);
    const fault = trustFault(trust, socket);
    if (fault === undefined) done(null, socket);
    else failed(untrusted(url, fault));
  });
}
