import { describeBackend } from "../conformance.ts";
import { unusedPort } from "../conformance-port.ts";
import { webSocketListener } from "./listener.ts";
import { webSocketPeer } from "./peer.ts";

const times = { firstMs: [10, 20], baseMs: 50, maxMs: 100 } as const;

describeBackend(
  "websocket",
  async () => {
    const port = await unusedPort();
    const dialer = webSocketPeer({ address: `ws://localhost:${port}/` }, { times });
    return { listener: webSocketListener({ port, bindAddress: "127.0.0.1" }), dialer, close: () => {} };
  },
  { reliable: true, maxMessageBytes: 65_535 },
);
