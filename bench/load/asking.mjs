/**
 * Clients that ask a server at a steady pace, each over a connection of its own and from an address of its own, for a server
 * counts what comes from one.
 *
 * What an answer took is counted from when it was due: a client that had to wait for the answer before pays for that.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { openClient } from "../kit/https-client.mjs";
import { answerWith } from "../kit/load.mjs";

/** `paths` maps a name to the paths that are asked in turns under it; answers what each took, milliseconds, by name. */
answerWith(async ({ url, authority, tokens, clients, paths, everyMs, forMs }) => {
  const took = Object.fromEntries(Object.keys(paths).map((name) => [name, []]));
  const until = performance.now() + forMs;
  const ask = async (n) => {
    const localAddress = `127.0.${1 + Math.floor(n / 250)}.${1 + (n % 250)}`;
    const client = openClient({ url, authority, token: tokens[n % tokens.length], localAddress });
    const names = Object.keys(paths);
    await client.get("GET", "/api");
    let due = performance.now() + Math.random() * everyMs;
    for (let turn = 0; due < until; turn++, due += everyMs) {
      await sleep(Math.max(0, due - performance.now()));
      const name = names[turn % names.length];
      const all = paths[name];
      await client.get("GET", all[Math.floor(Math.random() * all.length)]);
      took[name].push(performance.now() - due);
    }
    client.close();
  };
  await Promise.all(Array.from({ length: clients }, (_, n) => ask(n)));
  return took;
});
