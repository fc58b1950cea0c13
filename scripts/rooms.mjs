/**
 * The rooms of the house and what each may import: the table of docs/architecture.md, for programs.
 *
 * A room stands here before it is built, so that its first file already has its place. `tools/wire` in a list means:
 * only the shapes of that room.
 */
export const rooms = {
  core: { rank: 0, mayImport: [] },
  control: { rank: 1, mayImport: ["core"] },
  fleet: { rank: 1, mayImport: ["core"] },
  tools: { rank: 1, mayImport: ["core"] },
  monitor: { rank: 1, mayImport: ["core"] },
  alerts: { rank: 1, mayImport: ["core"] },
  deploy: { rank: 1, mayImport: ["core"] },
  mesh: { rank: 2, mayImport: ["core", "control"] },
  work: { rank: 3, mayImport: ["core", "control", "mesh", "tools"] },
  worker: { rank: 4, mayImport: ["core", "control", "fleet", "tools", "alerts", "mesh", "work"] },
  server: {
    rank: 4,
    mayImport: ["core", "control", "fleet", "monitor", "alerts", "deploy", "mesh", "tools/wire", "work/wire"],
  },
  cli: {
    rank: 5,
    mayImport: ["core", "control", "fleet", "tools", "monitor", "alerts", "deploy", "mesh", "work", "worker", "server"],
  },
};

/** Names that are nobody's concern: a file named so would collect everything. */
export const forbiddenNames = ["utils", "util", "helpers", "common", "manager", "base", "misc"];

/**
 * Packages that more than one file may import, each with its reason. Every other package is wrapped in one file, so
 * that replacing it is a change to one file.
 */
export const sharedPackages = {
  zod: {
    files: /(^|\/)(settings(\.ts$|\/)|[a-z-]+-schema\.ts$)/,
    reason: "the language settings and messages are declared in: a settings.ts or settings/ folder, a *-schema.ts",
  },
  "prom-client": {
    files: /^src\/(worker\/metrics|server\/api\/metrics)\.ts$/,
    reason: "metrics of the worker and of the server, which never import each other",
  },
  kysely: {
    files: /^src\/server\/store\//,
    reason: "the language in which the store's functions ask the database",
  },
  ws: {
    files:
      /^src\/(mesh\/backend\/websocket\/ws|worker\/management\/ws|monitor\/viewer\/ws|cli\/server\/web-socket)\.ts$/,
    reason: "each room that speaks WebSocket has its own rules for it: roads, the worker's API, viewers of channels",
  },
  yaml: {
    files: /^src\/(worker\/settings|monitor|server\/config)\/yaml\.ts$/,
    reason:
      "settings of the worker, with positions and Receptor's rules; of the monitor, plain; and documents that people edit at the server, with positions; no room knows the other",
  },
  "@node-rs/argon2": {
    files: /^src\/(server\/auth\/passwords|worker\/management\/argon2)\.ts$/,
    reason: "server and worker each have passwords, and never import one another",
  },
};
