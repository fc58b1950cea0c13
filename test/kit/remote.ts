import { setTimeout as sleep } from "node:timers/promises";
import type { Duplex } from "node:stream";
import { type ControlCommand, type ControlListener, openControlListener } from "#control";
import { silentLog } from "#core";
import { type RemoteOptions, workCommand } from "#work";
import { duplexPair } from "./cable.ts";
import { openTestNode, type TestNode, type TestNodeOptions } from "./units.ts";

/** What a control session of a node is served with. */
type Serve = (stream: Duplex) => void;

/**
 * A mesh of nodes in one process: every dial goes through it, so a test can take nodes away, refuse, delay and cut.
 */
export class TestMesh {
  readonly #nodes = new Map<string, Serve>();
  readonly #streams = new Set<Duplex>();
  /** Thrown by every dial while it is set. */
  fault: Error | undefined;
  /** Sees each stream before it is served; for cutting it somewhere. */
  onStream: ((far: Duplex) => void) | undefined;
  /** Nodes dialled, in order. */
  readonly dialled: string[] = [];

  join(node: string, serve: Serve): void {
    this.#nodes.set(node, serve);
  }

  leave(node: string): void {
    this.#nodes.delete(node);
    this.cut();
  }

  /** Break every stream, as a lost road does. */
  cut(): void {
    for (const stream of this.#streams) stream.destroy(new Error("the cable was cut"));
  }

  remote(options: Partial<RemoteOptions> = {}): RemoteOptions {
    return {
      dial: (node, _service, { signal }) => this.#dial(node, signal),
      hasTlsClient: (name) => name === "tls1",
      hasRoute: (node) => this.#nodes.has(node),
      ...options,
    };
  }

  async #dial(node: string, signal: AbortSignal | undefined): Promise<Duplex> {
    this.dialled.push(node);
    await sleep(1, undefined, signal ? { signal } : {});
    if (this.fault) throw this.fault;
    const serve = this.#nodes.get(node);
    if (!serve) throw new Error(`no way leads to ${node}`);
    const [near, far] = duplexPair();
    for (const stream of [near, far]) {
      stream.on("error", () => undefined);
      this.#streams.add(stream);
      stream.on("close", () => this.#streams.delete(stream));
    }
    this.onStream?.(far);
    serve(far);
    return near;
  }
}

/** A node of a {@link TestMesh}: units, and a control service that the others reach. */
export interface MeshNode extends AsyncDisposable {
  readonly node: TestNode;
  /** Away from the mesh, its daemon closed. */
  stop(): Promise<void>;
  /** Back again, with the units read from disk. */
  start(): Promise<void>;
}

export interface MeshNodeOptions extends TestNodeOptions {
  readonly commandOf?: (node: TestNode, nodeId: string) => ControlCommand;
}

/** Open a node and let it join. */
export async function openMeshNode(mesh: TestMesh, nodeId: string, options: MeshNodeOptions = {}): Promise<MeshNode> {
  const { commandOf = (of: TestNode, id: string) => workCommand(of.units, id), ...rest } = options;
  const node = await openTestNode({ nodeId, remote: mesh.remote(), ...rest });
  let listener: ControlListener | undefined;
  const start = async () => {
    listener = await openControlListener({
      nodeId,
      filename: node.folder.file("s"),
      commands: [commandOf(node, nodeId)],
      log: silentLog,
    });
    const { serve } = listener;
    mesh.join(nodeId, (stream) => serve(stream, "mesh"));
  };
  const stop = async () => {
    mesh.leave(nodeId);
    await listener?.close();
    listener = undefined;
    node.close();
  };
  await start();
  return {
    node,
    stop,
    start: async () => {
      await node.reopen();
      await start();
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      await node[Symbol.asyncDispose]();
    },
  };
}
