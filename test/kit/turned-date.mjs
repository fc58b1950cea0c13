/**
 * Loaded before a program (`node --import`): its wall clock is ahead of the machine's by what a file says, milliseconds,
 * from the moment the file is written. Time that is measured goes on as it does, as when somebody sets a real clock.
 */
import { readFileSync, watch } from "node:fs";

const file = process.env.TEST_CLOCK_FILE;
if (file !== undefined) {
  const Real = Date;
  let aheadMs = 0;
  const look = () => {
    const text = readFileSync(file, "latin1");
    if (text !== "") aheadMs = Number(text);
  };
  const now = () => Real.now() + aheadMs;
  look();
  watch(file, { persistent: false }, look);
  globalThis.Date = new Proxy(Real, {
    get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
    construct: (target, given, made) => Reflect.construct(target, given.length === 0 ? [now()] : given, made),
    apply: () => new Real(now()).toString(),
  });
}
