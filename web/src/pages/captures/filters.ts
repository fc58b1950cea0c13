/** Filters that people want most, as tcpdump takes them. */
export const presets = [
  { name: "DNS", filter: "port 53" },
  { name: "HTTP", filter: "tcp port 80" },
  { name: "HTTPS", filter: "tcp port 443" },
  { name: "NTP", filter: "udp port 123" },
  { name: "ARP", filter: "arp" },
  { name: "ICMP", filter: "icmp or icmp6" },
] as const;

/**
 * One filter of what the form has: the text, a host, a port.
 *
 * A filter by name (`@dns`) stands alone: the worker takes it only so. @throws {Error} when something stands beside it.
 */
export function filterOf(text: string, host: string, port: string): string {
  const asked = [text, host && `host ${host}`, port && `port ${port}`].filter(Boolean);
  if (text.startsWith("@") && asked.length > 1) throw new Error("a filter by name takes no host and no port beside it");
  if (asked.length < 2) return asked[0] ?? "";
  return asked.map((part) => (part === text ? `(${part})` : part)).join(" and ");
}
