import type { Log } from "#core";
import type { MeshStream } from "../stream.ts";
import { DirectLink } from "./direct-link.ts";
import type { DirectRequest } from "./direct-request.ts";
import type { Priority } from "./frames.ts";
import { type DirectLimits, directLimits } from "./limits.ts";
import type { DirectPipe } from "./pipe.ts";

/** What {@link openDirectStreams} needs to know. */
export interface DirectOptions {
  /** True on exactly one side of the link: the two count their streams apart. */
  readonly isInitiator: boolean;
  /** Gets each stream the neighbour asks for; answers now or later. What it throws is a refusal. */
  readonly accept: (request: DirectRequest) => void;
  readonly log: Log;
  /** Other limits than {@link directLimits}. */
  readonly limits?: Partial<DirectLimits> | undefined;
}

/** Where a stream shall go. */
export interface DirectTarget {
  /** Who asks: this node, or one it splices for. */
  readonly fromNode: string;
  /** The neighbour, or a node it splices to. */
  readonly toNode: string;
  readonly service: string;
}

/** How a stream is opened. */
export interface DirectOpenOptions {
  readonly signal?: AbortSignal | undefined;
  /** `data` unless given. It holds for both directions, on this link only. */
  readonly priority?: Priority | undefined;
}

/** The streams of one link. */
export interface DirectStreams {
  /** Streams that are open, asked for or offered, of both sides. */
  readonly count: number;
  /**
   * Open a stream; resolves when the far end has accepted it.
   *
   * @throws {MeshError} what the far end refuses with: `SERVICE_UNKNOWN`, `NO_ROUTE`, `STREAM_REFUSED`, …;
   * `STREAM_REFUSED` for too many streams or a name longer than 255 bytes; `STREAM_LOST` when the link is gone;
   * `MESH_CLOSED` after {@link close}; the reason of the signal.
   */
  open(target: DirectTarget, options?: DirectOpenOptions): Promise<MeshStream>;
  /** Break off every stream, here and at the neighbour, and refuse new ones. The link itself stays. */
  close(): void;
}

/** Carry many byte streams over one pipe to a neighbour (docs/wire/direct-streams.md). Starts the pipe. */
export function openDirectStreams(pipe: DirectPipe, options: DirectOptions): DirectStreams {
  const link = new DirectLink(pipe, { ...options, limits: { ...directLimits, ...options.limits } });
  pipe.start({
    frame: (frame) => link.receive(frame),
    drained: () => link.drained(),
    closed: (error) => link.closed(error),
  });
  return {
    get count() {
      return link.count;
    },
    open: (target, openOptions = {}) => link.open(target, openOptions),
    close: () => link.close(),
  };
}
