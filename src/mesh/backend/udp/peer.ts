import { createSocket, type Socket } from "node:dgram";
import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import type { Session } from "../backend.ts";
import { dialError } from "../dial-error.ts";
import { hostAndPort, type HostAndPort, parseHostAndPort } from "../host-and-port.ts";
import { type DialerBackend, type RedialOptions, redialling } from "../redial.ts";
import { UdpSession } from "./session.ts";

/** A `udp-peer` section (spec §5.4). */
export interface UdpPeerSettings {
  /** `host:port`, brackets round an IPv6 host. */
  readonly address: string;
}

/**
 * A dialer over UDP. A datagram socket is connected at once, whoever may be there; so the addresses of a name take
 * turns from one dial to the next.
 *
 * @throws {MeshError} `DIAL_FAILED` for what is no address.
 */
export function udpPeer({ address }: UdpPeerSettings, options: RedialOptions = {}): DialerBackend {
  const to = parseHostAndPort(address);
  let turn = 0;
  const dial = async (signal: AbortSignal): Promise<Session> => {
    try {
      return await open(to, turn++, signal);
    } catch (error) {
      throw dialError(error);
    }
  };
  return redialling({ description: `udp-peer ${hostAndPort(to.host, to.port)}`, dial }, options);
}

async function open({ host, port }: HostAndPort, turn: number, signal: AbortSignal): Promise<Session> {
  const addresses = await orAborted(lookup(host, { all: true }), signal);
  const chosen = addresses[turn % addresses.length];
  if (!chosen) throw new Error(`the name ${host} has no address`);
  return sessionOn(await connected(chosen, port), hostAndPort(chosen.address, port));
}

/** Looking up a name cannot be broken off, but left to itself. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}

/** A socket that hears this one address only. */
function connected({ address, family }: LookupAddress, port: number): Promise<Socket> {
  const socket = createSocket(family === 6 ? "udp6" : "udp4");
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      socket.close();
      reject(error);
    };
    socket.once("error", failed);
    socket.once("connect", () => {
      socket.off("error", failed);
      resolve(socket);
    });
    socket.connect(port, address);
  });
}

function sessionOn(socket: Socket, where: string): Session {
  const release = (): Promise<void> => new Promise((resolve) => void socket.close(resolve));
  const session = new UdpSession(`udp ${where}`, (datagram, done) => socket.send(datagram, done), release);
  // Nobody listens there: the system has told so by ICMP.
  socket.on("error", (error) => session.end(error));
  socket.on("message", (datagram) => session.receive(datagram));
  return session;
}
