/** Starts commands by plain `child_process.spawn` and keeps them: what it takes just to be the parent of so many. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { answerWith } from "../kit/load.mjs";

answerWith(async ({ count, command, args }) => {
  for (let n = 0; n < count; n++) await once(spawn(command, args, { stdio: "ignore" }), "spawn");
});
