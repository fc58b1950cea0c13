import type { Environment } from "./environment.ts";
import type { Link } from "./link.ts";
import { encodeProbe } from "./neighbour-messages.ts";

/** The link that was there is looked at this often, and asked at every fourth look. */
const lookMs = 250;
const looksPerQuestion = 4;
/** Looks, and not a time: a node that was itself away must not take its neighbours for dead before it has read. */
const looks = 12;

/** What becomes of a contest. */
export interface ContestEnd {
  /** The link that was there is over: the newcomer may have its place. */
  won(newcomer: Link): void;
  /** The neighbour answers where it was: the newcomer is somebody else. */
  lost(newcomer: Link): void;
}

/**
 * Somebody comes with the id of a Farhand neighbour that is connected. It may be the neighbour itself, whose old link
 * nobody has closed (it was killed behind a broker, its machine has another address): then it would have to wait until the
 * silence there is long enough. Or it is somebody else, who must not get in its way. So the neighbour is asked, on the link
 * there is.
 */
export class Contests {
  readonly #environment: Environment;
  readonly #end: ContestEnd;
  /** By neighbour: who came last. */
  readonly #newcomers = new Map<string, Link>();

  constructor(environment: Environment, end: ContestEnd) {
    this.#environment = environment;
    this.#end = end;
  }

  /** The newcomer is told later. Of several only the last waits. */
  begin(before: Link, newcomer: Link): void {
    const { peer } = before;
    const earlier = this.#newcomers.get(peer);
    this.#newcomers.set(peer, newcomer);
    if (earlier) this.#end.lost(earlier);
    else this.#look(before, this.#environment.elapsed(), 0);
  }

  #look(before: Link, since: number, count: number): void {
    if (!before.isUp) return this.#over(before, "won");
    if (before.heardAt > since) return this.#over(before, "lost");
    if (count === looks) {
      before.drop("its neighbour has come back on another link, and does not answer on this one");
      return this.#over(before, "won");
    }
    if (count % looksPerQuestion === 0) before.send(encodeProbe("question"));
    this.#environment.after(lookMs, () => this.#look(before, since, count + 1));
  }

  #over({ peer }: Link, how: keyof ContestEnd): void {
    const newcomer = this.#newcomers.get(peer);
    this.#newcomers.delete(peer);
    if (newcomer) this.#end[how](newcomer);
  }
}
