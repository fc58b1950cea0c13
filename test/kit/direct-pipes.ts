import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { DirectPipe, DirectPipeEvents } from "../../src/mesh/stream/direct/pipe.ts";

/** One end of a test's pipe. */
export interface TestPipe extends DirectPipe {
  /** Every frame that was sent, in order, when the pipe was asked to keep them. */
  readonly sent: Uint8Array[];
  /** Why the streams cut the pipe. */
  readonly cutBy: Error | undefined;
  /** The road breaks, for both ends. */
  break(error?: Error): void;
}

interface MemoryPipe extends TestPipe {
  /** Keep what is sent until `release()`, as a link that is full does. */
  hold(): void;
  release(): void;
  /** Hand a frame to the streams of this end as if the neighbour had sent it. */
  inject(frame: Uint8Array): void;
}

interface PipeOptions {
  readonly highWaterBytes?: number;
  readonly maxFrameBytes?: number;
  readonly keepSent?: boolean;
}

/** Two ends of a pipe in memory. Frames cross in later turns of the event loop. */
export function memoryPipes(options: PipeOptions = {}): [MemoryPipe, MemoryPipe] {
  const left = new MemoryEnd(options);
  const right = new MemoryEnd(options);
  left.peer = right;
  right.peer = left;
  return [left, right];
}

class MemoryEnd implements MemoryPipe {
  readonly maxFrameBytes: number;
  readonly highWaterBytes: number;
  readonly sent: Uint8Array[] = [];
  readonly #keepSent: boolean;
  peer!: MemoryEnd;
  queuedBytes = 0;
  cutBy: Error | undefined;
  #events: DirectPipeEvents | undefined;
  #queue: Uint8Array[] = [];
  #held = false;
  #scheduled = false;
  #over = false;
  #wasHigh = false;

  constructor({ highWaterBytes = 1024 * 1024, maxFrameBytes = 64 * 1024, keepSent = false }: PipeOptions) {
    this.highWaterBytes = highWaterBytes;
    this.maxFrameBytes = maxFrameBytes;
    this.#keepSent = keepSent;
  }

  start(events: DirectPipeEvents): void {
    this.#events = events;
  }

  send(frame: Uint8Array): void {
    if (this.#over) return;
    if (frame.length > this.maxFrameBytes) throw new Error(`a frame of ${frame.length} bytes`);
    if (frame.byteOffset === 0) throw new Error("a frame has no memory before it");
    if (this.#keepSent) this.sent.push(frame);
    this.#queue.push(frame);
    this.queuedBytes += frame.length;
    if (this.queuedBytes > this.highWaterBytes) this.#wasHigh = true;
    this.#schedule();
  }

  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#schedule();
  }

  inject(frame: Uint8Array): void {
    this.#events?.frame(frame);
  }

  cut(error: Error): void {
    this.cutBy = error;
    this.#end();
    this.peer.break(error);
  }

  break(error?: Error): void {
    for (const end of [this, this.peer]) {
      if (end.#end()) end.#events?.closed(error);
    }
  }

  #end(): boolean {
    const first = !this.#over;
    this.#over = true;
    return first;
  }

  #schedule(): void {
    if (this.#held || this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    this.#scheduled = false;
    if (this.#held || this.#over) return;
    const frames = this.#queue;
    this.#queue = [];
    this.queuedBytes = 0;
    for (const frame of frames) if (!this.peer.#over) this.peer.#events?.frame(frame);
    if (!this.#wasHigh || this.#over) return;
    this.#wasHigh = false;
    this.#events?.drained();
  }
}

/** Two ends of a pipe over a TCP connection: four bytes of length before each frame. */
export async function tcpPipes(): Promise<[TestPipe, TestPipe]> {
  const server = createServer({ noDelay: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const incoming = once(server, "connection") as Promise<[Socket]>;
  const left = connect({ port, host: "127.0.0.1", noDelay: true });
  const [right] = await incoming;
  server.close();
  return [new TcpEnd(left), new TcpEnd(right)];
}

class TcpEnd implements TestPipe {
  readonly maxFrameBytes = 64 * 1024;
  readonly highWaterBytes = 256 * 1024;
  readonly sent: Uint8Array[] = [];
  readonly #socket: Socket;
  cutBy: Error | undefined;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {});
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  start(events: DirectPipeEvents): void {
    this.#socket.on("data", (chunk: Buffer) => this.#take(chunk, events));
    this.#socket.on("drain", () => events.drained());
    this.#socket.on("close", () => events.closed(this.cutBy));
  }

  send(frame: Uint8Array): void {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(frame.length);
    this.#socket.cork();
    this.#socket.write(head);
    this.#socket.write(frame);
    this.#socket.uncork();
  }

  cut(error: Error): void {
    this.break(error);
  }

  break(error?: Error): void {
    this.cutBy = error;
    this.#socket.destroy();
  }

  #take(chunk: Buffer, events: DirectPipeEvents): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE()) {
      const end = 4 + bytes.readUInt32BE();
      events.frame(bytes.subarray(4, end));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
  }
}
