import { type Caller, callerLevel } from "../../auth/callers.ts";
import { ServerError } from "../../errors.ts";
import type { Worker } from "../../registry/worker.ts";
import type { Call } from "../call.ts";
import { parseJsonBody } from "../json-body.ts";
import { tellHealth } from "../live-health.ts";
import type { LiveMessage, LiveSocket } from "../live-socket.ts";
import { tellUnits } from "../live-units.ts";
import { Watches } from "../live-watches.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { VisibleWorkers } from "../visible-workers.ts";
import type { WorkerView } from "../../wire.ts";
import { workerView } from "../worker-view.ts";
import { LiveStart } from "./live-schema.ts";

const sentAtOnce = 200;

/** WebSockets that stay open: changes as they come, and the connection that a handle lives on. */
export function liveRoutes(services: RouteServices): Route[] {
  const { connections } = services;
  return [
    route({
      method: "GET",
      path: "/api/live",
      summary:
        "Changes of workers as they come, from a position on; says `reset` and all workers when that is too old. Besides, the topics and channels that are asked for",
      needs: { kind: "caller" },
      schema: {},
      live: (call, socket) => tellLive(services, call, socket),
    }),
    route({
      method: "GET",
      path: "/api/connection",
      summary: "A connection handle, for as long as this stays open (CAT-47)",
      needs: { kind: "session" },
      schema: {},
      live: async (call, socket) => {
        const { handle, close } = connections.give(call.session.session.id);
        call.signal.addEventListener("abort", close, { once: true });
        try {
          await socket.send(JSON.stringify({ connection: handle }));
          socket.ignoreMessages();
          await over(call.signal);
        } finally {
          close();
        }
      },
    }),
  ];
}

/** The changes, and beside them each topic. When one of them fails the others end too, and the client is told. */
async function tellLive(services: RouteServices, call: Call, socket: LiveSocket): Promise<void> {
  const messages = socket.messages();
  const wish = await firstWish(messages);
  const { health, registry, clock } = services;
  const over = new AbortController();
  const signal = AbortSignal.any([call.signal, over.signal]);
  const telling = [tellChanges(services, call, socket, wish?.after, signal)];
  if (wish?.topics.includes("health")) {
    const visible = new VisibleWorkers(registry, call.caller, clock);
    telling.push(tellHealth(socket, health.beats, visible, clock, signal));
  }
  if (wish?.topics.includes("units")) telling.push(tellUnits(services, socket, call.caller, wish.unitsAfter, signal));
  if (wish?.topics.includes("clock")) telling.push(tellClock(services, socket, signal));
  telling.push(tellWatched(services, call, socket, wish?.watch ?? [], messages, signal));
  try {
    await Promise.race(telling);
  } finally {
    over.abort();
    await Promise.allSettled(telling);
  }
}

/** A browser sees no pings: by this a page knows that its line still leads to the server. */
async function tellClock({ clock, limits }: RouteServices, socket: LiveSocket, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await socket.send(JSON.stringify({ kind: "clock", now: clock.now() }));
    await clock.sleep(limits.pingEveryMs, signal).catch(() => {});
  }
}

/** The channels that the client watches: those it has named, and others whenever it says so. */
async function tellWatched(
  services: RouteServices,
  call: Call,
  socket: LiveSocket,
  first: LiveStart["watch"],
  messages: AsyncGenerator<LiveMessage>,
  signal: AbortSignal,
): Promise<void> {
  const watches = new Watches(services, socket, call.caller);
  try {
    await Promise.race([watches.follow(first, messages), over(signal)]);
  } finally {
    await watches.close();
    // What comes anyway is dropped.
    void drain(messages);
  }
}

async function tellChanges(
  services: RouteServices,
  call: Call,
  socket: LiveSocket,
  after: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { live } = services;
  let number = after === undefined ? undefined : live.numberOf(after);
  for (;;) {
    if (signal.aborted) return;
    number ??= await tellAll(services, call, socket);
    const changes = live.after(number, sentAtOnce);
    // The client was slower than the changes: it begins again.
    if (changes === undefined) {
      number = undefined;
      continue;
    }
    for (const change of changes) {
      await tellOne(socket, live.positionOf(change.number), call.caller, change.worker);
      number = change.number;
    }
    if (changes.length === 0) await live.more(number, signal);
  }
}

/** What the client has already, and what it wants besides; undefined: it left. */
async function firstWish(messages: AsyncGenerator<LiveMessage>): Promise<LiveStart | undefined> {
  const first = await messages.next();
  if (first.done) return undefined;
  const wish = LiveStart.safeParse(parseJsonBody(first.value.data));
  if (!wish.success)
    throw new ServerError(
      "REQUEST_INVALID",
      "the first message is {after?: position, topics?: [name], watch?: [channel]}",
    );
  return wish.data;
}

async function drain(messages: AsyncGenerator): Promise<void> {
  while (!(await messages.next()).done);
}

/** All workers as they are now, and then the changes since this began: some may be told twice, none is missed. */
async function tellAll({ live, registry, presence }: RouteServices, call: Call, socket: LiveSocket): Promise<number> {
  const { position } = live;
  const number = live.numberOf(position) ?? 0;
  await socket.send(JSON.stringify({ reset: true, position }));
  for (let after = ""; ; ) {
    const workers = await registry.list(after, sentAtOnce);
    const views = workers.flatMap((worker) => seen({ ...worker, ...presence.state(worker.id) }, call.caller) ?? []);
    if (views.length > 0) await socket.send(JSON.stringify({ position, kind: "workers", workers: views }));
    const last = workers.at(-1);
    if (last === undefined) break;
    after = last.name;
  }
  await socket.send(JSON.stringify({ listed: true, position }));
  return number;
}

async function tellOne(socket: LiveSocket, position: string, caller: Caller, worker: Worker): Promise<void> {
  const view = seen(worker, caller);
  if (view) await socket.send(JSON.stringify({ position, kind: "worker", worker: view }));
}

/** The worker as the caller may see it, if they may. */
function seen(worker: Worker, caller: Caller): WorkerView | undefined {
  const level = callerLevel(caller, "workers", worker.labels);
  return level === "none" ? undefined : workerView(worker, level);
}

function over(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
