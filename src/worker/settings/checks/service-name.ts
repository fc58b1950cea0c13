const longestBytes = 8;
const reserved = new Set(["ping", "unreach"]);

/** Why no service of the mesh may be called so, in Receptor's words. Source: Receptor specification §3.1. */
export function serviceNameFault(name: string): string | undefined {
  if (Buffer.byteLength(name) > longestBytes) return `service name ${name} too long`;
  return reserved.has(name) ? `service ${name} is already listening` : undefined;
}
