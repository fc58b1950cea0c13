import { openLoad } from "./load.mjs";

/** Workers that are simulated share so many processes: together they have as much to do as the server. */
const processes = 4;

/**
 * Bring up the workers that were planted, or the first `most` of them, and wait until all are registered: `atOnce` in each
 * process are on their way at a time. Their road is a WebSocket on the server's port.
 */
export async function joinFleet({ members, port }, { atOnce = 8, loads = processes, most = Infinity } = {}) {
  const road = { kind: "ws-peer", address: `wss://127.0.0.1:${port}/mesh` };
  const all = Array.from({ length: loads }, () => openLoad("simulated-workers"));
  const start = performance.now();
  const each = (name, more) => Promise.all(all.map((load, first) => load.ask({ name, first, ...more })));
  const counts = await each("join", { members, of: loads, road, atOnce, ...(most < Infinity && { most }) });
  return {
    size: sum(counts),
    joinedInMs: performance.now() - start,
    /** How many are registered now. */
    count: async () => sum(await each("count")),
    /** When each registration since the last question was over, milliseconds since 1970. */
    registrations: async () => (await each("registrations")).flat(),
    /** See bench/load/simulated-workers.mjs. */
    rush: async (forMs) => (await each("rush", { forMs })).flat(),
    close: () => {
      for (const load of all) load.close();
    },
  };
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
