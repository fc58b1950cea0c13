import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";

/** Longest replay; a tcpreplay that hangs must not hang the benchmark. */
const replayMs = 120_000;

/** Whether this machine can lay a wire and send on it: that takes root, iproute2 and tcpreplay. */
export function canLayWire() {
  return process.getuid() === 0 && ["ip", "tcpreplay"].every((program) => !spawnSync(program, ["-V"]).error);
}

/** A wire in a network namespace of its own, `here` at one end and `there` at the other. */
export function layWire() {
  const name = `farhand-bench-${process.pid}`;
  ip("netns", "add", name);
  const words = ["ip", "netns", "exec", name];
  try {
    ip("-n", name, "link", "set", "lo", "up");
    ip("-n", name, "link", "add", "here", "type", "veth", "peer", "name", "there");
    // Nobody but us says anything on it.
    for (const end of ["here", "there"]) run([...words, "sysctl", "-qw", `net.ipv6.conf.${end}.disable_ipv6=1`]);
    for (const end of ["here", "there"]) ip("-n", name, "link", "set", end, "up");
  } catch (error) {
    spawnSync("ip", ["netns", "del", name]);
    throw error;
  }
  return { words, here: "here", there: "there", remove: () => void spawnSync("ip", ["netns", "del", name]) };
}

/** Send a file of packets on it so many times. Gives how many packets that were, and how many a second. */
export async function replay(wire, path, { times, perSecond }) {
  const rate = [`--pps=${perSecond}`, "--pps-multi=50"];
  const [command, ...args] = [
    ...wire.words,
    "tcpreplay",
    "-q",
    "-K",
    `--loop=${times}`,
    ...rate,
    "-i",
    wire.here,
    path,
  ];
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], timeout: replayMs });
  const [said, complaint] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  const [, packets, seconds] = /Actual: (\d+) packets .* sent in ([\d.]+) seconds/.exec(said.join("")) ?? [];
  if (packets === undefined) throw new Error(`tcpreplay: ${complaint.join("")}`);
  return { packets: Number(packets), offered: Number(packets) / Number(seconds) };
}

/** A file of so many small packets of UDP to port 53, each another one. */
export function writeTraffic(path, count) {
  const header = Buffer.from("d4c3b2a1020004000000000000000000ffff000001000000", "hex");
  writeFileSync(path, Buffer.concat([header, ...Array.from({ length: count }, (_, n) => record(n))]));
}

function record(number) {
  const payload = Buffer.alloc(40, "farhand ");
  payload.writeUInt32BE(number);
  const ethernet = Buffer.from("0200000000020200000000010800", "hex");
  const ip = Buffer.from("4500004400000000401100000a0000010a000002", "hex");
  const udp = Buffer.from("9c40003500300000", "hex");
  const packet = Buffer.concat([ethernet, ip, udp, payload]);
  const head = Buffer.alloc(16);
  head.writeUInt32LE(number, 0);
  head.writeUInt32LE(packet.length, 8);
  head.writeUInt32LE(packet.length, 12);
  return Buffer.concat([head, packet]);
}

const ip = (...args) => run(["ip", ...args]);

function run([command, ...args]) {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
}
