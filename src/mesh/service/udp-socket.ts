import { createSocket, type Socket, type SocketType } from "node:dgram";
import { once } from "node:events";
import { lookup } from "node:dns/promises";
import { isIPv6 } from "node:net";
import { errorText, type Log } from "#core";
import { formatAddress } from "./address.ts";
import { listenError } from "./local-server.ts";

/** A UDP socket bound to an address. @throws {MeshError} `LISTEN_FAILED` */
export async function bindUdp(host: string, port: number): Promise<Socket> {
  const socket = createSocket(familyOf(host));
  try {
    socket.bind({ address: host, port, exclusive: true });
    await once(socket, "listening");
    return socket;
  } catch (error) {
    socket.close();
    throw listenError(`udp ${formatAddress(host, port)}`, error);
  }
}

/** Packets that may wait for a name to be looked up; UDP may lose the rest. */
const mostWaiting = 16;

/** A UDP socket of its own for one peer of a proxy; it hears nobody but the address it was made for. */
export class UdpPeer {
  readonly #log: Log;
  #socket: Socket | undefined;
  #waiting: Uint8Array[] = [];
  #closed = false;

  /** `received` gets each packet of the address. */
  constructor(to: { readonly host: string; readonly port: number }, log: Log, received: (payload: Uint8Array) => void) {
    this.#log = log;
    void this.#open(to, received);
  }

  /** Send a packet, or lose it, as UDP may. */
  send(payload: Uint8Array): void {
    if (this.#socket) this.#socket.send(payload, this.#sent);
    else if (!this.#closed && this.#waiting.length < mostWaiting) this.#waiting.push(payload);
  }

  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#socket?.close();
    this.#socket = undefined;
  }

  readonly #sent = (error: Error | null): void => {
    if (error) this.#log.debug(`a UDP packet was not sent: ${errorText(error)}`);
  };

  async #open({ host, port }: { host: string; port: number }, received: (payload: Uint8Array) => void): Promise<void> {
    try {
      const { address } = await lookup(host);
      const socket = createSocket(familyOf(address));
      // A port where nobody listens answers by ICMP; somebody may listen there later.
      socket.on("error", this.#sent);
      socket.on("message", received);
      await new Promise<void>((resolve) => socket.connect(port, address, () => resolve()));
      if (this.#closed) return void socket.close();
      this.#socket = socket;
      for (const payload of this.#waiting.splice(0)) this.send(payload);
    } catch (error) {
      this.#log.warn(`no UDP socket to ${formatAddress(host, port)}: ${errorText(error)}`);
    }
  }
}

function familyOf(host: string): SocketType {
  return isIPv6(host) ? "udp6" : "udp4";
}
