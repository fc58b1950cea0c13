import { CliError } from "./errors.ts";

/** Ctrl-C and its like, heard until closed. */
export interface Interrupts {
  /** Fires at the first signal; its reason is a {@link CliError} `INTERRUPTED` or `TERMINATED`. */
  readonly signal: AbortSignal;
  close(): void;
}

/** Take over SIGINT and SIGTERM. The first one is for the command to deal with; the second ends the program at once. */
export function hearInterrupts(): Interrupts {
  const controller = new AbortController();
  const onInterrupt = (): void => interrupt(new CliError("INTERRUPTED", "interrupted"));
  const onTerminate = (): void => interrupt(new CliError("TERMINATED", "asked to end"));
  const interrupt = (reason: CliError): void => {
    if (controller.signal.aborted) process.exit(reason.exit);
    controller.abort(reason);
  };
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerminate);
  return {
    signal: controller.signal,
    close: () => void process.off("SIGINT", onInterrupt).off("SIGTERM", onTerminate),
  };
}
