import { describeBackend } from "../../../../test/kit/backend/conformance.ts";
import { unusedPort } from "../../../../test/kit/backend/conformance-port.ts";
import { tcpListener } from "./listener.ts";
import { tcpPeer } from "./peer.ts";

const times = { firstMs: [10, 20], baseMs: 50, maxMs: 100 } as const;

describeBackend(
  "tcp",
  async () => {
    const port = await unusedPort();
    const dialer = tcpPeer({ address: `localhost:${port}` }, { times });
    return { listener: tcpListener({ port, bindAddress: "127.0.0.1" }), dialer, close: () => {} };
  },
  { reliable: true, maxMessageBytes: 65_535 },
);
