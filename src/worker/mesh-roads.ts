import type { Log } from "#core";
import { type Backend, makeBackend, type Mesh, type OpenBackend, type TlsProfiles } from "#mesh";
import { type RoadSection, roadSection } from "./mesh-road-settings.ts";
import type { Directive } from "./settings/mod.ts";

/** A road that is open, for logs and metrics. */
export interface OpenRoad {
  /** As the backend calls itself: `tcp-peer hub:2222`. */
  readonly description: string;
  /** Where a listener listens, with the real port. */
  readonly addresses: readonly string[];
  /** Connections over it now. */
  readonly sessions: number;
  /** Why it cannot be used now; undefined when nothing is wrong. */
  readonly problem: string | undefined;
}

type Road = OpenRoad & Pick<OpenBackend, "close">;

/** The roads of a daemon: those its settings have, and after a reload those they have then. */
export class MeshRoads {
  readonly #mesh: Pick<Mesh, "nodeId" | "addBackend">;
  readonly #profiles: TlsProfiles;
  readonly #log: Log;
  /** By the text of their sections; two sections may say the same. */
  readonly #open = new Map<string, Road[]>();
  /** One change at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(mesh: Pick<Mesh, "nodeId" | "addBackend">, profiles: TlsProfiles, log: Log) {
    this.#mesh = mesh;
    this.#profiles = profiles;
    this.#log = log;
  }

  get open(): readonly OpenRoad[] {
    return [...this.#open.values()].flat();
  }

  /**
   * Open the roads that are new, close those that are gone, and leave alone those that are as they were.
   *
   * @throws when a section cannot be used: nothing has changed then; when a road cannot be opened: the others are open
   * then, and the next call tries again.
   */
  apply(directives: readonly Directive[]): Promise<void> {
    const applied = this.#turn.then(() => this.#apply(directives));
    this.#turn = applied.catch(() => {});
    return applied;
  }

  async #apply(directives: readonly Directive[]): Promise<void> {
    const wanted = new Map<string, RoadSection[]>();
    for (const directive of directives) {
      const section = await roadSection(directive, { nodeId: this.#mesh.nodeId, profiles: this.#profiles });
      if (section) wanted.set(section.text, [...(wanted.get(section.text) ?? []), section]);
    }
    // First what is gone: a listener may come back on the same port with other settings.
    await this.#closeExtra(wanted);
    await this.#openMissing(wanted);
  }

  async #closeExtra(wanted: ReadonlyMap<string, readonly RoadSection[]>): Promise<void> {
    const extra = [...this.#open].flatMap(([text, roads]) => roads.splice(wanted.get(text)?.length ?? 0));
    for (const road of extra) {
      this.#log.info(`closing ${road.description}`);
      await road.close();
    }
  }

  async #openMissing(wanted: ReadonlyMap<string, readonly RoadSection[]>): Promise<void> {
    const faults: unknown[] = [];
    for (const [text, sections] of wanted) {
      const roads = this.#open.get(text) ?? [];
      this.#open.set(text, roads);
      for (const section of sections.slice(roads.length)) {
        try {
          roads.push(await this.#openRoad(section));
        } catch (error) {
          faults.push(error);
        }
      }
    }
    for (const [text, roads] of this.#open) if (roads.length === 0) this.#open.delete(text);
    if (faults.length > 0) throw faults[0];
  }

  async #openRoad({ road, terms }: RoadSection): Promise<Road> {
    const counted = countSessions(await makeBackend(road, this.#log));
    const { description } = counted.backend;
    const backend = await this.#mesh.addBackend(counted.backend, terms);
    const { addresses } = backend;
    if (backend.problem === undefined)
      for (const address of addresses) this.#log.info(`${description} listens on ${address}`);
    return {
      description,
      addresses,
      close: () => backend.close(),
      get problem() {
        return backend.problem;
      },
      get sessions() {
        return counted.sessions();
      },
    };
  }
}

/** The same backend, and how many of its sessions live. */
function countSessions(backend: Backend): { readonly backend: Backend; readonly sessions: () => number } {
  let sessions = 0;
  const counting: Backend = {
    description: backend.description,
    start: (accept) =>
      backend.start((session) => {
        sessions++;
        void session.closed.then(() => sessions--);
        accept(session);
      }),
  };
  return { backend: counting, sessions: () => sessions };
}
