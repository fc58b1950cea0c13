import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connectControl } from "./control.mjs";
import { endProcesses, processTree } from "./processes.mjs";
import { startListener } from "./subject.mjs";

/** More than a mesh of a few nodes needs to find itself. */
const joinMs = 60_000;

/**
 * Start nodes `n0` … `n<hops>` in a line, joined by TCP on loopback; `workTypes` maps a name to `[command, params]`.
 *
 * Every node has a control socket, `sockets[i]`; the last one has the work types. Resolves when first and last know a way
 * to each other.
 */
export async function startLine(folder, subject, hops, workTypes = {}) {
  const place = join(folder, `${subject.name}-${hops}`);
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const last = hops;
  const [sockets, children] = [[], []];
  const ports = await freePorts(hops + 1);
  for (const [n, port] of ports.entries()) {
    const sections = [
      { node: { id: `n${n}`, datadir: join(place, "data") } },
      { "log-level": { level: "error" } },
      { "tcp-listener": { port, bindaddr: "127.0.0.1" } },
      ...(n > 0 ? [{ "tcp-peer": { address: `127.0.0.1:${ports[n - 1]}` } }] : []),
      { "control-service": { service: "control", filename: join(place, `${n}.sock`) } },
      ...(n === last ? Object.entries(workTypes) : []).map(([worktype, [command, params]]) => ({
        "work-command": { worktype, command, params },
      })),
    ];
    const config = join(place, `${n}.yml`);
    // A line of JSON is a line of YAML.
    writeFileSync(config, sections.map((section) => `- ${JSON.stringify(section)}\n`).join(""));
    sockets.push(join(place, `${n}.sock`));
    const { child } = await startListener([...subject.argv, "-c", config], sockets[n]);
    children.push(child);
  }
  await knows(sockets[0], `n${last}`);
  await knows(sockets[last], "n0");
  return {
    name: subject.name,
    last: `n${last}`,
    sockets,
    pids: children.map(({ pid }) => pid),
    stop: async () => {
      for (const child of children) {
        const tree = processTree(child.pid);
        child.kill("SIGTERM");
        await endProcesses(tree, 5_000);
      }
    },
  };
}

async function knows(socket, node) {
  for (const end = performance.now() + joinMs; ; await sleep(50)) {
    const control = await connectControl(socket);
    const { RoutingTable } = JSON.parse((await control.ask("status")).toString());
    control.close();
    if (RoutingTable && node in RoutingTable) return;
    if (performance.now() > end) throw new Error(`${socket} found no way to ${node}`);
  }
}

/** TCP ports of loopback that are free now, below those that the system gives to whoever dials. */
export async function freePorts(count) {
  const ports = [];
  for (let port = 12_000 + Math.floor(Math.random() * 18_000); ports.length < count; port++)
    if (await isFree(port)) ports.push(port);
  return ports;
}

function isFree(port) {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Submit to a node; `payload`, when there is one, is an iterable of buffers. Gives the id of the unit here. */
export async function submitTo(socket, node, workType, payload = []) {
  const control = await connectControl(socket);
  const created = await control.ask(
    JSON.stringify({ command: "work", subcommand: "submit", node, worktype: workType }),
  );
  for (const chunk of payload)
    if (!control.socket.write(chunk)) await new Promise((resolve) => control.socket.once("drain", resolve));
  control.socket.end();
  await control.reply();
  control.close();
  return /with ID (\w+)\./.exec(created.toString())[1];
}
