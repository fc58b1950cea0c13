import { constants } from "node:os";
import type { Duplex, Readable } from "node:stream";
import { ServerError } from "../../errors.ts";
import type { Recorder } from "../../recording/recorder.ts";
import { beginRecording } from "../begin-recording.ts";
import type { Call } from "../call.ts";
import { guarded, watchIdle } from "../guarded-stream.ts";
import { parseJsonBody } from "../json-body.ts";
import type { LiveSocket } from "../live-socket.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { askWorker, openOnWorker } from "../worker-call.ts";
import { written } from "../written.ts";
import { ShellEnd, ShellHead, ShellQuery, TcpParams, TunnelWord } from "./tunnel-schema.ts";
import { WorkerParams } from "./workers-schema.ts";

/** What a shell has besides bytes. */
interface ShellWords {
  readonly resize: Resize;
  /** Its screen is over; said before the socket is closed. */
  readonly lastWord: () => Promise<void>;
}

type Resize = (size: { readonly rows: number; readonly columns: number }) => Promise<void>;

/** Bytes both ways between a client and a worker that has no open port. */
export function tunnelRoutes(services: RouteServices): Route[] {
  const { streamLevels = {} } = services;
  return [
    route({
      method: "GET",
      path: "/api/workers/:worker/shell",
      summary:
        "A shell: {opened} in text, then bytes in binary frames; {resize:{rows,columns}} in text is its size, {exit} the last word",
      needs: { kind: "worker", level: streamLevels.shell ?? "admin" },
      entitlement: "remote.operate",
      sensitive: true,
      schema: { params: WorkerParams, query: ShellQuery },
      live: async (call, socket) => {
        await services.audit.record(call.actor, "worker.shell", call.worker.id, { source: call.visit.address });
        const { rows, columns } = call.query;
        const recorded = await beginRecording(services, call, { kind: "shell", rows, columns });
        await recorded.during(async () => {
          const { result, stream } = await openOnWorker(services, call, "shell.open", { rows, columns });
          const head = ShellHead.safeParse(result);
          // A shell may draw nothing until somebody types.
          if (head.success) await socket.send(JSON.stringify({ opened: head.data.shell }));
          const resize: Resize = async (size) => {
            if (head.success) await askWorker(services, call, "shell.resize", { ...head.data, ...size });
            await recorded.recorder?.resized(size);
          };
          const lastWord = async (): Promise<void> => {
            const exit = head.success ? await exitOf(services, call, head.data.shell) : undefined;
            if (exit !== undefined) await socket.send(JSON.stringify({ exit }));
          };
          await tunnel(services, call, socket, stream, recorded.recorder, { resize, lastWord });
        });
      },
    }),
    route({
      method: "GET",
      path: "/api/workers/:worker/tcp/:service",
      summary:
        "A TCP connection to a service that the worker names: {opened} in text, then bytes; {end:true} in text ends our side",
      needs: { kind: "worker", level: streamLevels.tcp ?? "operate" },
      entitlement: "remote.operate",
      schema: { params: TcpParams },
      live: async (call, socket) => {
        const { service } = call.params;
        await services.audit.record(call.actor, "worker.tcp", call.worker.id, { service, source: call.visit.address });
        const recorded = await beginRecording(services, call, { kind: "tcp", service });
        await recorded.during(async () => {
          const { stream } = await openOnWorker(services, call, "tcp.open", { service });
          // A service may wait for its client to speak first: whoever wants to know that it is there hears it now.
          await socket.send(JSON.stringify({ opened: service }));
          await tunnel(services, call, socket, stream, recorded.recorder);
        });
      },
    }),
  ];
}

/** Until the worker's side ends, or what it rests on does. */
async function tunnel(
  { limits }: RouteServices,
  call: Call,
  socket: LiveSocket,
  stream: Duplex,
  recorder: Recorder | undefined,
  shell?: ShellWords,
): Promise<void> {
  const sending = watchIdle(limits.streamIdleMs);
  // Either way keeps the other one open.
  const moved = (): void => {
    sending.moved();
    call.used();
  };
  const quiet = { streamIdleMs: limits.streamTotalMs, streamTotalMs: limits.streamTotalMs };
  const signal = AbortSignal.any([call.signal, sending.signal]);
  const incoming = guarded(stream, { limits: quiet, signal, used: moved });
  try {
    // What is typed unseen is a password: keys are not recorded, what a terminal shows of them is.
    const typed = shell ? undefined : recorder;
    const outgoing = passOn(socket, stream, moved, typed, shell?.resize);
    const screen = showAll(incoming, socket, recorder).then(() => shell?.lastWord());
    await Promise.all([screen, outgoing].map(firstEnds(stream, socket)));
  } finally {
    sending.stop();
    stream.destroy();
  }
}

/**
 * The exit code of a shell that is over, 128 + n when signal n ended it, as its unit tells it; undefined: nobody knows. A
 * worker that has gone meanwhile tells nothing, and that is no failure of the shell.
 */
async function exitOf(services: RouteServices, call: Call, shell: string): Promise<number | undefined> {
  try {
    const { exitCode, signal } = ShellEnd.parse(await askWorker(services, call, "units.status", { unit: shell }));
    return exitCode ?? (signal === undefined ? undefined : 128 + (constants.signals[signal as NodeJS.Signals] ?? 0));
  } catch {
    return undefined;
  }
}

/** When one direction fails, the other one has nothing more to do. */
function firstEnds(stream: Duplex, socket: LiveSocket) {
  return async (direction: Promise<void>, n: number): Promise<void> => {
    try {
      await direction;
      // The worker has nothing more to say.
      if (n === 0) socket.close();
    } catch (error) {
      stream.destroy();
      throw error;
    }
  };
}

/** Nobody sees what is not recorded, where it must be. */
async function showAll(incoming: Readable, socket: LiveSocket, recorder: Recorder | undefined): Promise<void> {
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    await recorder?.output(chunk);
    await socket.send(chunk);
  }
}

async function passOn(
  socket: LiveSocket,
  stream: Duplex,
  moved: () => void,
  recorder: Recorder | undefined,
  resize?: Resize,
): Promise<void> {
  for await (const { data, isBinary } of socket.messages()) {
    moved();
    if (isBinary) {
      await recorder?.input(data);
      await written(stream, data);
    } else await obey(data, stream, resize);
  }
  stream.destroy();
}

async function obey(data: Buffer, stream: Duplex, resize?: Resize): Promise<void> {
  const word = TunnelWord.safeParse(parseJsonBody(data));
  if (!word.success) throw new ServerError("REQUEST_INVALID", "a text frame is {resize:{rows,columns}} or {end:true}");
  if ("resize" in word.data) await resize?.(word.data.resize);
  else stream.end();
}
