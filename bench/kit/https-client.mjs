import { once } from "node:events";
import { Agent, request } from "node:https";

/** Longest wait for an answer; a server that hangs must not hang the benchmark. */
const answerMs = 60_000;

/**
 * A client of a server over one connection that is kept. `authority` is the PEM of who vouches for it; without it any server
 * will do.
 */
export function openClient({ url, authority, token, localAddress }) {
  const trust = authority === undefined ? { rejectUnauthorized: false } : { ca: authority };
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ...trust, localAddress });
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const open = async (method, path, body) => {
    const length = body === undefined ? {} : { "content-type": "application/json", "content-length": body.length };
    const asking = request(new URL(path, url), { method, agent, headers: { ...headers, ...length } });
    asking.setTimeout(answerMs, () => asking.destroy(new Error(`${method} ${path}: no answer`)));
    asking.end(body);
    const [answer] = await once(asking, "response");
    return answer;
  };
  /** One request, its answer whole. Where it is JSON it stands in `value`. */
  const ask = async (method, path, value) => {
    const answer = await open(method, path, value === undefined ? undefined : Buffer.from(JSON.stringify(value)));
    const chunks = await answer.toArray();
    const text = Buffer.concat(chunks).toString();
    const isJson = /json/.test(answer.headers["content-type"] ?? "");
    return { status: answer.statusCode, text, value: isJson ? JSON.parse(text) : undefined };
  };
  /** As {@link ask}, and it went well. */
  const get = async (method, path, value) => {
    const answer = await ask(method, path, value);
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.value;
  };
  /** A body as it comes. `heard` gets its pieces. */
  const read = async (path, heard) => {
    const answer = await open("GET", path);
    if (answer.statusCode >= 400) throw new Error(`GET ${path}: ${answer.statusCode}`);
    answer.on("data", heard);
    await once(answer, "end");
  };
  return { ask, get, read, close: () => agent.destroy() };
}
