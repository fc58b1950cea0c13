import { forwardedMethods } from "../api/routes/rpc-routes.ts";
import { featureOf, type RemoteFeature } from "./policy.ts";

/** Streams are no methods of the table. A shell changes whatever its user can: the configuration too. */
const streams: readonly (readonly [string, RemoteFeature])[] = [
  ["units.results", "remote.monitor"],
  ["units.submit", "remote.operate"],
  ["tcp.open", "remote.operate"],
  ["http.open", "remote.operate"],
  ["http.socket", "remote.operate"],
  // What it asks of the worker's methods is held to the features that the worker is told of.
  ["http.management", "remote.monitor"],
  ["shell.open", "remote.configure"],
  ["shell.resize", "remote.configure"],
];

const byMethod = new Map<string, RemoteFeature>([
  ...forwardedMethods.map(({ name, level }) => [name, featureOf(level)] as const),
  ...streams,
]);

/** The feature that a worker's method is part of; of one that nobody knows, the one that is included last. */
export function featureOfMethod(method: string): RemoteFeature {
  return byMethod.get(method) ?? "remote.configure";
}
