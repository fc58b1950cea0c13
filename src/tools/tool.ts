import type { JsonObject } from "#core";
import type { ParamsSchema } from "./params-schema.ts";
import type { Budget, ToolName } from "./wire.ts";

/** Something that is asked of the allow-lists of a worker before a tool may run. */
export type Wanted =
  /** An address, a network in CIDR, or a name. */
  | { readonly kind: "target"; readonly host: string }
  /** A pcap filter; the empty one is every packet. */
  | { readonly kind: "filter"; readonly text: string }
  | { readonly kind: "interface"; readonly name: string };

/** What a tool program can be given of root's rights. */
export type Capability = "net_raw" | "net_admin";

/** A built-in tool: checked params in, its result on stdout. */
export interface Tool<Params> {
  readonly name: ToolName;
  /** One line for help and pages. */
  readonly summary: string;
  /** In a `*-schema.ts`, strict, every field described and with a limit. */
  readonly params: ParamsSchema<Params>;
  /** All that must be asked of the allow-lists before it may run. Pure. */
  wants(params: Params): readonly Wanted[];
  /**
   * What of the budget these params ask for. Of `seconds`, `packets`, `bytes` and `probesPerSecond` the lower of asked and
   * allowed counts; more `targets` or `ports` than allowed are refused, for a scan that leaves some out would lie. Pure.
   */
  asks(params: Params): Partial<Budget>;
  /** Without these it cannot do its work at all. Empty: it needs none. */
  readonly needs: readonly Capability[];
  /** What it is given where the worker has it, besides {@link Tool.needs}. */
  readonly uses: readonly Capability[];
  /** Programs of the system without which it is not offered; absent: it does without any. */
  readonly programs?: readonly string[];
  /**
   * Run to the end and write the result by the context.
   *
   * Whatever was started has ended when this returns, also when `context.signal` aborts: then it writes the summary of what there
   * is and returns.
   *
   * @returns an exit code of `toolExits`.
   * @throws {ToolError} for what did not work at all; the program tells it in the unit's detail and exits with its code.
   */
  run(params: Params, context: ToolContext): Promise<number>;
}

/** A target after the allow-lists: its name was resolved once, and only these addresses may be used. */
export interface ResolvedTarget {
  /** As it was asked for. */
  readonly host: string;
  /** IPv4 and IPv6 addresses in their usual form; every one of a network. Never empty. */
  readonly addresses: readonly string[];
}

/** What a running tool has: its targets, its budget, its output, its children. */
export interface ToolContext {
  /** Aborts when the unit is cancelled (`reason` is a ToolError `CANCELED`) or its time is over (`TIME_OVER`). */
  readonly signal: AbortSignal;
  /** The lower of asked and allowed. */
  readonly budget: Budget;
  /** What {@link Tool.wants} named as targets, in that order. */
  readonly targets: readonly ResolvedTarget[];
  /** The filter as it must be used: named ones looked up, the required one and-ed in front. Empty when none was wanted. */
  readonly filter: string;
  /** The interface to listen on, as the allow-list has it; `any` is all. Empty when none was wanted. */
  readonly interface: string;
  /** A filter for what the worker itself and its server say to each other; empty when there is nothing of that kind. */
  ownTraffic(): Promise<string>;
  /**
   * One more host, found out on the way (a redirection, a name server): checked and resolved like the rest.
   *
   * @throws {ToolError} `TARGET_REFUSED`, `NAME_UNKNOWN`.
   */
  resolve(host: string): Promise<ResolvedTarget>;
  /** One JSON object as a line of stdout, on the disk's way when this returns. @throws {ToolError} `OUTPUT_FAILED`. */
  line(value: JsonObject): void;
  /** Bytes of stdout, for a tool whose result is no JSON. @throws {ToolError} `OUTPUT_FAILED`. */
  bytes(value: Uint8Array): void;
  /** A line for people, in the unit's log; the last one stands in its detail. */
  note(text: string): void;
  /** How far it is, for people: stands in the unit's detail while it runs, in place of what was told before. */
  progress(text: string): void;
  /** Where a program of the system is: its absolute path, or undefined when this machine has none. */
  find(program: string): string | undefined;
  /** Start a program of the system, never by a shell; see {@link ToolChild}. */
  start(path: string, argv: readonly string[], options?: ChildOptions): ToolChild;
}

/** How a program is started. */
export interface ChildOptions {
  /** In a process group of its own: what is sent to the unit's, such as the SIGINT of a cancel, does not reach it. */
  readonly isApart?: boolean;
}

/** A program that a tool has started. It is in the unit's process group unless it was to be apart, and dies with the tool program. */
export interface ToolChild {
  readonly pid: number;
  /** Its output as it comes; who reads slowly makes it wait. */
  readonly stdout: AsyncIterable<Uint8Array>;
  /** Its exit code or signal, once it has ended and its stdout is closed. */
  readonly ended: Promise<ChildEnd>;
  /** The end of what it said on stderr by now, at most 4,096 characters. */
  readonly said: string;
  /** SIGUSR1, by which some programs say how far they are. The others die of it, and these as well before they are up. */
  ask(): void;
  /** SIGINT, and SIGKILL when it does not heed that within some seconds. Does nothing once it has ended. */
  end(): void;
}

/** How a program that a tool had started ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it said on stderr, at most 4,096 characters. */
  readonly said: string;
}
