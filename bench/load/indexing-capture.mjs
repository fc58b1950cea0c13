/** Who looks at a capture: follows its unit's output into the index that a page draws its rows from. */
import { PcapIndex } from "../../dist/tools/packet/pcap-index.js";
import { readResults } from "../kit/control.mjs";
import { answerWith } from "../kit/load.mjs";

answerWith(async ({ socket, id }) => {
  const index = new PcapIndex();
  let [firstAt, lastAt] = [0, 0];
  await readResults(socket, id, (chunk) => {
    const before = index.count;
    index.push(chunk);
    if (index.count === before) return;
    lastAt = Date.now();
    if (before === 0) firstAt = lastAt;
  });
  return { count: index.count, firstAt, lastAt };
});
