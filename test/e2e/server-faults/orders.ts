import { Order, type Carried } from "./order.ts";
import { type PlannedOrder, planOrders } from "./order-plan.ts";
import type { Site } from "./site.ts";
import { User } from "./user.ts";

/** Orders that are carried at the same time, each by a user with a session of their own. */
const lanes = 8;
/** More than a run can need. */
const planned = 5_000;

/** Users who keep ordering for as long as things go wrong, and once more on every worker when they do not any more. */
export class Orders {
  readonly #site: Site;
  readonly #plans: PlannedOrder[];
  readonly #users: User[] = [];
  readonly #lanes: Promise<void>[] = [];
  readonly #going = new Set<Order>();
  readonly #carried: Carried[] = [];
  /** When each order was done, by `performance.now()`. */
  readonly doneAt: number[] = [];
  readonly #giveUp = new AbortController();
  #isLast = false;

  constructor(site: Site, random: () => number) {
    this.#site = site;
    this.#plans = planOrders(
      planned,
      site.workers.map(({ name }) => name),
      random,
    );
  }

  begin(): void {
    for (let lane = 0; lane < lanes; lane++) {
      const user = this.#user();
      const running = this.#lane(user);
      // Whatever went wrong is told when the end is waited for.
      running.catch(() => {});
      this.#lanes.push(running);
    }
  }

  /** No more orders but one for each worker, when those that are on their way are done. */
  async end(until: AbortSignal): Promise<readonly Carried[]> {
    this.#isLast = true;
    until.addEventListener("abort", () => this.#giveUp.abort(until.reason), { once: true });
    await Promise.all(this.#lanes);
    const user = this.#user();
    for (const { name: worker } of this.#site.workers)
      await this.#carry({ ...this.#next(), kind: "quick", treatment: "follow", code: 0, worker }, user);
    return this.#carried;
  }

  /** Nothing is kept of any of them; what they left running goes, too. */
  async releaseAll(carried: readonly Carried[], until: AbortSignal): Promise<void> {
    const user = this.#user();
    for (const { plan, units, report } of carried) {
      for (const unit of report ? units : units.slice(0, -1)) await new Order(plan, user, until).release(unit);
    }
  }

  stages(): string[] {
    return [...this.#going].map(({ stage }) => stage);
  }

  surprises(): string[] {
    return this.#users.flatMap((user) => user.surprises);
  }

  summary(): string {
    const hindrances: Record<string, number> = {};
    for (const user of this.#users)
      for (const [code, { count, said }] of user.hindrances) {
        const name = `${code} (${said.slice(0, 120)})`;
        hindrances[name] = (hindrances[name] ?? 0) + count;
      }
    const causes: Record<string, number> = {};
    for (const { report } of this.#carried) {
      const cause = report ? (report.Cause ?? "none") : "released";
      causes[cause] = (causes[cause] ?? 0) + 1;
    }
    const again = this.#carried.reduce((sum, { units }) => sum + units.length - 1, 0);
    const told = { ...causes, "asked for again": again };
    return `${this.#carried.length} orders ${JSON.stringify(told)}, hindered by ${JSON.stringify(hindrances)}`;
  }

  async #lane(user: User): Promise<void> {
    while (!this.#isLast) await this.#carry(this.#next(), user);
  }

  async #carry(plan: PlannedOrder, user: User): Promise<void> {
    const order = new Order(plan, user, this.#giveUp.signal);
    this.#going.add(order);
    this.#carried.push(await order.carry());
    this.doneAt.push(performance.now());
    this.#going.delete(order);
  }

  #next(): PlannedOrder {
    const next = this.#plans.shift();
    if (!next) throw new Error(`${planned} orders were not enough`);
    return next;
  }

  #user(): User {
    const user = new User(this.#site.address, this.#site.server.admin);
    this.#users.push(user);
    return user;
  }
}
