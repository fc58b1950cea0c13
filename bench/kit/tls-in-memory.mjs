import { tlsClientOptions } from "../../dist/core/tls.js";

/** One TLS profile for a node of a mesh, as the profiles of its settings would be: PEM texts in place of files. */
export function tlsInMemory({ key, cert, ca }) {
  const material = { key: Buffer.from(key), cert: Buffer.from(cert), ca: Buffer.from(ca) };
  const source = {
    profile: { cert: "in memory", key: "in memory", rootCas: "in memory" },
    material: () => material,
    options: (host) => tlsClientOptions(source.profile, host, material),
    check() {},
  };
  const none = () => {
    throw new Error("a simulated worker takes no streams");
  };
  return { client: () => source, server: none, expiries: () => [] };
}
