import { describeBackend } from "../conformance.ts";
import { unusedPort } from "../conformance-port.ts";
import { udpListener } from "./listener.ts";
import { udpPeer } from "./peer.ts";

const times = { firstMs: [10, 20], baseMs: 50, maxMs: 100 } as const;

describeBackend(
  "udp",
  async () => {
    const port = await unusedPort();
    const dialer = udpPeer({ address: `localhost:${port}` }, { times });
    return { listener: udpListener({ port, bindAddress: "127.0.0.1" }), dialer, close: () => {} };
  },
  { reliable: false, maxMessageBytes: 65_507 },
);
