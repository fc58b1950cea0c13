/** Reads what an HTTPS server sends and counts it: from the request to the last byte. */
import { openClient } from "../kit/https-client.mjs";
import { answerWith } from "../kit/load.mjs";

answerWith(async ({ path, ...server }) => {
  const client = openClient(server);
  let bytes = 0;
  const start = performance.now();
  await client.read(path, (chunk) => (bytes += chunk.length));
  const ms = performance.now() - start;
  client.close();
  return { ms, bytes };
});
