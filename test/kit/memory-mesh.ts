import { setTimeout as sleep } from "node:timers/promises";
import { Closers, silentLog } from "#core";
import type { Backend, Session } from "../../src/mesh/backend/backend.ts";
import { memoryRoad, type MemoryRoad } from "../../src/mesh/backend/memory/backend.ts";
import { tlsProfiles } from "../../src/mesh/certificate/profiles.ts";
import { MeshError } from "../../src/mesh/errors.ts";
import { type Mesh, type MeshOptions, openMesh } from "../../src/mesh/mesh.ts";

export interface MemoryNodeOptions extends Partial<MeshOptions> {
  /** False: a machine that the QUIC engine does not exist for. */
  readonly hasQuic?: boolean;
}

/** Two nodes and the road between them. */
export interface Cable extends MemoryRoad {
  /** Every message that the listener's end sent. */
  readonly sent: readonly Uint8Array[];
}

/** Whole nodes in this process, joined by roads of memory. At the end of its scope all are closed. */
export class MemoryMesh implements AsyncDisposable {
  readonly #closers = new Closers();

  node(nodeId: string, { hasQuic = true, ...options }: MemoryNodeOptions = {}): Mesh {
    const mesh = openMesh({
      nodeId,
      log: silentLog,
      tls: tlsProfiles({ servers: new Map(), clients: new Map(), log: silentLog }),
      ...(!hasQuic && { loadEngine: noEngine }),
      ...options,
    });
    return this.#closers.add(mesh);
  }

  async join(dialer: Mesh, listener: Mesh, faults: Parameters<typeof memoryRoad>[0] = {}): Promise<Cable> {
    const road = memoryRoad({ name: `${dialer.nodeId}-${listener.nodeId}`, ...faults });
    const sent: Uint8Array[] = [];
    await listener.addBackend(listened(road.listener, sent), { cost: 1 });
    await dialer.addBackend(road.dialer, { cost: 1 });
    return { ...road, sent };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closers.close();
  }
}

/** Wait until it is so. @throws when it never is. */
export async function untilSo(isSo: () => boolean): Promise<void> {
  const end = Date.now() + 30_000;
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`waited in vain: ${String(isSo)}`);
    await sleep(10);
  }
}

function noEngine(): Promise<never> {
  return Promise.reject(new MeshError("QUIC_UNAVAILABLE", "no QUIC engine for this test"));
}

/** The same backend; a copy of whatever its sessions send goes to `sent`. */
function listened(backend: Backend, sent: Uint8Array[]): Backend {
  const tapped = (session: Session): Session =>
    new Proxy(session, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target) as unknown;
        if (name === "send")
          return (message: Uint8Array) => {
            sent.push(Buffer.from(message));
            target.send(message);
          };
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  return { description: backend.description, start: (accept) => backend.start((session) => accept(tapped(session))) };
}
