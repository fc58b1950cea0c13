/** Sends progress messages as fast as they are taken. */
import { once } from "node:events";
import { answerWith } from "../kit/load.mjs";
import { openSender, taskFrames } from "./zmtp-bytes.mjs";

const batch = 1_000;
let sender;

answerWith(async ({ connectTo, channel, count, channels = 1 }) => {
  if (connectTo !== undefined) {
    sender = await openSender(connectTo);
    return;
  }
  const chunks = [];
  for (let n = 0; n * batch < count; n++) {
    const id = channels === 1 ? channel : `${channel}-${n % channels}`;
    chunks.push(taskFrames(id, n * batch, Math.min(batch, count - n * batch)));
  }
  const start = Date.now();
  for (const chunk of chunks) if (!sender.write(chunk)) await once(sender, "drain");
  return start;
});
