/** Reads everything a Unix socket sends and counts it, with as little work of its own as Node allows. */
import { createConnection } from "node:net";
import { answerWith } from "../kit/load.mjs";

const buffer = Buffer.allocUnsafe(1024 * 1024);

answerWith(
  ({ path, request }) =>
    new Promise((resolve, reject) => {
      let bytes = 0;
      const onread = { buffer, callback: (count) => (bytes += count) >= 0 };
      const start = performance.now();
      const socket = createConnection({ path, allowHalfOpen: true, onread });
      if (request) socket.write(`${request}\n`);
      socket.on("error", reject).on("end", () => {
        const ms = performance.now() - start;
        socket.destroy();
        resolve({ ms, bytes });
      });
    }),
);
