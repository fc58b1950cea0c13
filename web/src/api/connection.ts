import { socketUrl } from "./place.ts";
import { unreachable } from "./problem.ts";

let open: Promise<string> | undefined;

/**
 * The connection handle that methods of workers want to see (CAT-48): opened when the first of them is asked, and kept for
 * as long as the page is there.
 *
 * @throws {ProblemError} when no connection comes about.
 */
export function connectionHandle(): Promise<string> {
  open ??= newHandle();
  open.catch(() => (open = undefined));
  return open;
}

/** Leave the connection, and open another one, which a worker can tell from it (CAT-75). @throws {ProblemError} */
export async function newConnection(): Promise<void> {
  await open?.catch(() => {});
  leave();
  open = undefined;
  await connectionHandle();
}

let leave = (): void => {};

function newHandle(): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(socketUrl("connection"));
    const close = (): void => socket.close();
    leave = close;
    socket.addEventListener("message", ({ data }: MessageEvent<string>) => {
      const said = JSON.parse(data) as { readonly connection?: string };
      if (said.connection !== undefined) resolve(said.connection);
    });
    socket.addEventListener("close", () => {
      if (leave === close) open = undefined;
      reject(unreachable());
    });
  });
}
