import { CliError } from "../errors.ts";

/** Ctrl-C and its like, until closed. */
export interface Presses {
  /** From now on they go to `take`, and no longer to who heard them before. */
  hear(take: (reason: CliError) => void): void;
  close(): void;
}

/** Take over SIGINT and SIGTERM of this process. The third one ends it at once. */
export function hearPresses(): Presses {
  let taker = (reason: CliError): void => process.exit(reason.exit);
  let count = 0;
  const press = (reason: CliError): void => {
    if (++count > 2) process.exit(reason.exit);
    taker(reason);
  };
  const onInterrupt = (): void => press(new CliError("INTERRUPTED", "interrupted"));
  const onTerminate = (): void => press(new CliError("TERMINATED", "asked to end"));
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerminate);
  return {
    hear: (take) => void (taker = take),
    close: () => void process.off("SIGINT", onInterrupt).off("SIGTERM", onTerminate),
  };
}
