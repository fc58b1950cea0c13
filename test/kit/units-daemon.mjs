/**
 * A daemon of nothing but units, to be killed: opens them from the build with the JSON options in argv, says `ready`,
 * and submits what each line of stdin asks for: `{params, input, hold}`. It answers each with the unit's id, once its
 * payload is stored and, unless `hold` is set, once it was started or waits for a place.
 */
import { createInterface } from "node:readline";
import { openUnits } from "#work";

const quiet = () => {};
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const units = await openUnits({ ...JSON.parse(process.argv[2] ?? "{}"), log });
process.stdout.write("ready\n");

for await (const line of createInterface({ input: process.stdin })) {
  const { params, input = "", hold = false } = JSON.parse(line);
  const unit = units.allocate({ workType: "sh", params: { params } });
  await units.receive(unit, [Buffer.from(input)]);
  if (!hold) await units.start(unit);
  process.stdout.write(`unit ${unit.id}\n`);
}
