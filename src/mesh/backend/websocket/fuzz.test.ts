import { afterAll, expect } from "vitest";
import { fuzz, piecesOf } from "../../../../test/kit/fuzz.ts";
import { rawExchange } from "../../../../test/kit/raw-exchange.ts";
import { tcpListener } from "../tcp/listener.ts";
import { webSocketListener } from "./listener.ts";

const heard: string[] = [];
const at = { bindAddress: "127.0.0.1", port: 0 };
const backends = [webSocketListener({ ...at, path: "/mesh/" }), tcpListener(at)];
const listening = await Promise.all(
  backends.map((backend) =>
    backend.start((session) =>
      session.start({ message: (message) => void heard.push(Buffer.from(message).toString()), drained: () => {} }),
    ),
  ),
);
afterAll(() => Promise.all(listening.map((open) => open.close())));
const [webSocket = "", tcp = ""] = listening.flatMap(({ addresses }) => addresses);

const upgrade = Buffer.from(
  [
    ...["GET /mesh/ HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket"],
    ...["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""],
  ].join("\r\n"),
);

/** A frame of a client. A mask of zeros is one. */
const frame = (opcode: number, payload: string) =>
  Buffer.concat([Buffer.of(0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0), Buffer.from(payload)]);
const hello = frame(2, "hello");

let attempts = 0;

fuzz(
  "nothing that is said to a ws-listener or a tcp-listener harms it",
  {
    samples: [
      Buffer.concat([upgrade, hello]),
      Buffer.concat([upgrade, frame(9, "ping"), frame(1, "text"), frame(8, "")]),
      Buffer.concat([upgrade, Buffer.from("827e010000000000", "hex"), Buffer.alloc(256)]),
      Buffer.from("050068656c6c6f0000", "hex"),
    ],
    splinters: [
      ...["82ff", "8200", "88820000000003e8", "c2850000000068656c6c6f", "02850000000068"].map((hex) =>
        Buffer.from(hex, "hex"),
      ),
      ...["Sec-WebSocket-Extensions: permessage-deflate\r\n", "Sec-WebSocket-Protocol: x\r\n", "Origin: http://b\r\n"],
    ],
  },
  {
    bytes: async (bytes, random) => {
      await Promise.all([webSocket, tcp].map((address) => rawExchange(address, piecesOf(bytes, random), 20)));
      if (++attempts % 50 !== 0) return;
      heard.length = 0;
      const answer = await rawExchange(webSocket, [upgrade, hello, frame(8, "")]);
      expect(answer.toString("latin1")).toMatch(/^HTTP\/1\.1 101 /);
      await rawExchange(tcp, [Buffer.from("050068656c6c6f", "hex")]);
      expect(heard).toEqual(["hello", "hello"]);
    },
  },
);
