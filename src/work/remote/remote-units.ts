import { type Clock, errorText, type Log } from "#core";
import { WorkError } from "../errors.ts";
import { outputSize } from "../unit/output.ts";
import { bootId } from "../unit/process-table.ts";
import type { Unit } from "../unit/unit.ts";
import { remoteType, UnitState, type UnitStatus } from "../wire.ts";
import { Mirror, newToken } from "./mirror.ts";
import type { MirrorContext } from "./mirror-context.ts";
import { type NewRemoteUnit, newRemoteStatus } from "./new-remote-unit.ts";
import { NodeConnections } from "./node-connections.ts";
import { Peers } from "./peers.ts";
import { decodeRemoteData } from "./remote-data.ts";
import type { RemoteOptions } from "./remote-options.ts";
import type { Ended } from "./twin-ending.ts";

/** Is this the mirror of a unit on another node? */
export function isRemote(unit: Unit): boolean {
  return unit.status.WorkType === remoteType;
}

/** The units of a node whose work is on other nodes. */
export class RemoteUnits {
  readonly #options: RemoteOptions | undefined;
  readonly #context: MirrorContext;
  readonly #mirrors = new Map<string, Mirror>();

  /** @param options absent on a worker that is part of no mesh. @param remove deletes a unit and forgets it. */
  constructor(
    options: RemoteOptions | undefined,
    { clock, log, remove }: { clock: Clock; log: Log; remove: (unit: Unit, force: boolean) => Promise<void> },
  ) {
    this.#options = options;
    const reached = options ?? { dial: noMesh, hasTlsClient: () => false };
    this.#context = {
      options: reached,
      connections: new NodeConnections(reached, clock),
      clock,
      log,
      peers: new Peers(clock),
      inTurn: turns(),
      remove: async (unit, force) => {
        const bytes = sizeHere(unit);
        await remove(unit, force);
        this.#mirrors.delete(unit.id);
        // Whoever still follows it, or brings its payload, has to hear that it is over.
        const Cause = "CANCELED";
        unit.set({ ...unit.status, State: UnitState.Canceled, Detail: "Canceled", Cause, StdoutSize: bytes });
      },
    };
  }

  /** See {@link newRemoteStatus}. @throws {WorkError} also `NODE_UNREACHABLE`, without a mesh. */
  firstStatus(wanted: NewRemoteUnit): UnitStatus {
    if (!this.#options) {
      throw new WorkError("NODE_UNREACHABLE", `no route to node ${wanted.node}: this worker is not part of a mesh`);
    }
    return newRemoteStatus(wanted, { Token: newToken(), BootId: bootId() }, this.#options, this.#context.clock);
  }

  /** See {@link Mirror.start}. */
  start(unit: Unit, signal: AbortSignal): Promise<boolean> {
    return this.#mirror(unit).start(signal);
  }

  /** See {@link Mirror.cancel}. */
  async cancel(unit: Unit, signal: AbortSignal): Promise<Ended> {
    return unit.isFinal ? "done" : await this.#mirror(unit).cancel(signal);
  }

  /** See {@link Mirror.release}. A unit that does not say where its work is, is released here. */
  async release(unit: Unit, force: boolean, signal: AbortSignal): Promise<Ended> {
    if (decodeRemoteData(unit.status.ExtraData)) return await this.#mirror(unit).release(force, signal);
    await this.#context.remove(unit, force);
    return "done";
  }

  /** Is it to go as soon as its node is heard? */
  isReleasing(unit: Unit): boolean {
    return decodeRemoteData(unit.status.ExtraData)?.LocalReleased ?? false;
  }

  /** See {@link Mirror.resume}. */
  async resume(unit: Unit): Promise<void> {
    if (!decodeRemoteData(unit.status.ExtraData)) {
      if (unit.isFinal) return;
      const Detail = "Failed to restart: the status does not say where the work is";
      return unit.set({ ...unit.status, State: UnitState.Failed, Detail, Cause: "STATUS_CORRUPT" });
    }
    if (unit.isFinal && !this.isReleasing(unit)) return;
    // Not waited for: the daemon is up before all other nodes are heard.
    this.#mirror(unit)
      .resume()
      .catch((error: unknown) => {
        this.#context.log.warn(`remote unit ${unit.id} is not resumed`, { error: errorText(error) });
      });
  }

  close(): void {
    for (const mirror of this.#mirrors.values()) mirror.close();
    this.#mirrors.clear();
    this.#context.connections.close();
  }

  #mirror(unit: Unit): Mirror {
    let mirror = this.#mirrors.get(unit.id);
    if (!mirror) this.#mirrors.set(unit.id, (mirror = new Mirror(unit, this.#context)));
    return mirror;
  }
}

function turns(): MirrorContext["inTurn"] {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const turn = last.then(run);
    last = turn.catch(() => undefined);
    return turn;
  };
}

function sizeHere(unit: Unit): number {
  try {
    return outputSize(unit.folder.stdout);
  } catch {
    return 0;
  }
}

function noMesh(node: string): Promise<never> {
  throw new WorkError("NODE_UNREACHABLE", `no route to node ${node}: this worker is not part of a mesh`);
}
