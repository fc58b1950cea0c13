import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/**
 * A program of bench/load/ in a process of its own, so that what loads the daemon and what measures do not share a
 * thread. `ask()` sends it a message and gives its answer.
 */
export function openLoad(name) {
  const child = fork(join(import.meta.dirname, "..", "load", `${name}.mjs`));
  const gone = once(child, "exit").then(([code, signal]) => {
    throw new Error(`load ${name} ended (${code ?? signal})`);
  });
  gone.catch(() => {});
  const ask = async (message) => {
    child.send(message);
    const [answer] = await Promise.race([once(child, "message"), gone]);
    if (answer.error) throw new Error(`load ${name}: ${answer.error}`);
    return answer.value;
  };
  return { pid: child.pid, ask, close: () => child.kill("SIGKILL") };
}

/** The other end: answer every message with what `work` makes of it. */
export function answerWith(work) {
  process.on("message", (message) => {
    work(message).then(
      (value) => process.send({ value }),
      (error) => process.send({ error: error.stack }),
    );
  });
  process.on("disconnect", () => process.exit());
}
