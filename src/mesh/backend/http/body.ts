import type { IncomingMessage } from "node:http";

/**
 * The whole body of a request or an answer; undefined when it is longer than allowed, which is noticed as early as
 * possible and leaves the rest unread.
 *
 * @throws when the connection ends inside the body.
 */
export async function readBody(from: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  if (Number(from.headers["content-length"] ?? 0) > maxBytes) return undefined;
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (act: () => void): void => {
      from.off("data", take).off("end", end).off("close", close);
      act();
    };
    const take = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > maxBytes) settle(() => resolve(undefined));
      else chunks.push(chunk);
    };
    const end = (): void => settle(() => resolve(Buffer.concat(chunks)));
    const close = (): void => settle(() => reject(new Error("the connection ended inside a body")));
    // An error is always followed by a close.
    from
      .on("data", take)
      .on("end", end)
      .on("close", close)
      .on("error", () => {});
  });
}
