import { afterAll, expect } from "vitest";
import { fuzz, piecesOf } from "../../../../test/kit/fuzz.ts";
import { rawExchange } from "../../../../test/kit/raw-exchange.ts";
import { encodeBatch } from "../numbered/batch.ts";
import { httpListener } from "./listener.ts";
import { batchType } from "./protocol.ts";

const heard: string[] = [];
const listening = await httpListener({ bindAddress: "127.0.0.1", port: 0, path: "/mesh/" }).start((session) =>
  session.start({ message: (message) => void heard.push(Buffer.from(message).toString()), drained: () => {} }),
);
afterAll(() => listening.close());
const [address = ""] = listening.addresses;
const batch = encodeBatch({ first: 1, ack: 0, isLast: false, messages: [Buffer.from("hello")] });

function requestOf(
  method: string,
  path: string,
  headers: readonly string[],
  body: Uint8Array = Buffer.alloc(0),
): Buffer {
  const lines = [`${method} ${path} HTTP/1.1`, "host: a", ...headers, "connection: close", "", ""];
  return Buffer.concat([Buffer.from(lines.join("\r\n")), body]);
}

const opening = requestOf("POST", "/mesh/", [`content-type: ${batchType}`, "content-length: 0"]);

async function open(): Promise<string> {
  const answer = (await rawExchange(address, [opening])).toString("latin1");
  return /"session":"([0-9a-f]{32})"/.exec(answer)?.[1] ?? "";
}

const session = await open();
const upload = (id: string, body = batch) =>
  requestOf("POST", "/mesh/", [`farhand-session: ${id}`, `content-length: ${body.length}`], body);
const chunked = requestOf(
  "POST",
  "/mesh/",
  [`farhand-session: ${session}`, "transfer-encoding: chunked"],
  Buffer.concat([Buffer.from(`${batch.length.toString(16)}\r\n`), batch, Buffer.from("\r\n0\r\n\r\n")]),
);

let attempts = 0;

fuzz(
  "nothing that is said to an http-listener harms it",
  {
    samples: [
      opening,
      upload(session),
      chunked,
      requestOf("GET", "/mesh/?poll=1", [`farhand-session: ${session}`, "farhand-ack: 0"]),
    ],
    splinters: [
      "content-length: ",
      "transfer-encoding: chunked\r\n",
      "\r\n\r\n",
      "expect: 100-continue\r\n",
      "?poll=",
      session,
    ],
  },
  {
    request: async (bytes, random) => {
      await rawExchange(address, piecesOf(bytes, random), 20);
      heard.length = 0;
      if (++attempts % 50 !== 0) return;
      // Sessions that were opened and left fill their table, until they are too old. Ours is there.
      const friend = await open();
      if (friend === "") return;
      const answer = await rawExchange(address, [upload(friend)]);
      expect(answer.toString("latin1")).toMatch(/^HTTP\/1\.1 200 /);
      expect(heard).toContain("hello");
    },
  },
);
