/**
 * Bytes a second across the mesh: output of a unit over one hop and over two, from its first byte here to its last, and a
 * payload over one hop, from the submit until the command there has read it. BENCH_BYTES sets the size, 64 MiB unless
 * told otherwise.
 *
 * Floor: a server that sends the command's output over TCP to a client that writes it into a file. For the payload, which
 * is stored at both ends: half of that.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readResults } from "./kit/control.mjs";
import { median } from "./kit/figures.mjs";
import { startLine, submitTo } from "./kit/line.mjs";
import { openLoad } from "./kit/load.mjs";
import { printReport } from "./kit/report.mjs";
import { inRounds } from "./kit/rounds.mjs";
import { scaled } from "./kit/scale.mjs";
import { onStage } from "./kit/stage.mjs";
import { subjects } from "./kit/subject.mjs";

const rounds = 3;
const bytes = Number(process.env.BENCH_BYTES ?? scaled(64 * 1024 ** 2, 1024 ** 2));
/** Says when it has read all, in seconds since the machine was started. */
const reading = `-c "cat > /dev/null; cut -d ' ' -f 1 /proc/uptime"`;

await onStage(async (folder) => {
  const file = join(folder, "output");
  writeFileSync(file, Buffer.alloc(bytes, "all work and no play\n"));
  const types = { big: ["cat", file], reading: ["bash", reading] };
  const [serving, fetching] = [openLoad("inetd"), openLoad("inetd")];
  const port = await serving.ask({ command: "cat", args: [file] });
  const floor = async () => rate(await fetching.ask({ port, into: join(folder, "copy") }));
  const [one, two, payload] = [{ floor }, { floor }, {}];
  const lines = [];
  for (const subject of subjects) {
    const near = await startLine(folder, subject, 1, types);
    const far = await startLine(folder, subject, 2, types);
    lines.push(near, far);
    one[subject.name] = () => output(near);
    two[subject.name] = () => output(far);
    payload[subject.name] = () => input(near);
  }
  await inRounds(1, one);
  const measured = [await inRounds(rounds, one), await inRounds(rounds, two), await inRounds(rounds, payload)];
  for (const line of lines) await line.stop();

  const [o1, o2, p] = measured.map((sides) =>
    Object.fromEntries(Object.entries(sides).map(([name, all]) => [name, median(all)])),
  );
  const goal = o1.receptor && { text: "≥ 2 × Receptor", met: o1.farhand >= 2 * o1.receptor };
  printReport(`${(bytes / 1024 ** 2).toFixed(0)} MiB across the mesh, median of ${rounds}`, [
    { name: "output, one hop", unit: "MB/s", ...o1, ...(goal && { goal }) },
    { name: "output, two hops", unit: "MB/s", ...o2 },
    { name: "payload, one hop", unit: "MB/s", floor: o1.floor / 2, ...p },
  ]);
});

async function output({ sockets, last }) {
  const id = await submitTo(sockets[0], last, "big");
  let [got, first] = [0, undefined];
  await readResults(sockets[0], id, (chunk) => {
    first ??= performance.now();
    got += chunk.length;
  });
  return rate({ bytes: got, ms: performance.now() - first });
}

async function input({ sockets, last }) {
  const chunk = Buffer.alloc(1024 ** 2, 7);
  const start = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  const id = await submitTo(
    sockets[0],
    last,
    "reading",
    Array.from({ length: Math.ceil(bytes / chunk.length) }, (_, n) =>
      chunk.subarray(0, Math.min(chunk.length, bytes - n * chunk.length)),
    ),
  );
  let text = "";
  await readResults(sockets[0], id, (part) => (text += part));
  return bytes / 1e6 / (Number(text) - start);
}

function rate({ bytes: got, ms }) {
  if (got < bytes) throw new Error(`${got} bytes came instead of ${bytes}`);
  return bytes / 1e3 / ms;
}
