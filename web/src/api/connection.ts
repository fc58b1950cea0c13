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

function newHandle(): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(socketUrl("connection"));
    socket.addEventListener("message", ({ data }: MessageEvent<string>) => {
      const said = JSON.parse(data) as { readonly connection?: string };
      if (said.connection !== undefined) resolve(said.connection);
    });
    socket.addEventListener("close", () => {
      open = undefined;
      reject(unreachable());
    });
  });
}
