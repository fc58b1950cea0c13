/** For `node --import`: this process finds no QUIC binding, as on a machine that none exists for. */
import { register } from "node:module";

const hooks = `export function resolve(name, context, next) {
  if (name.startsWith("@matrixai/quic")) throw new Error("this test has no QUIC");
  return next(name, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
