import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { keptLog, testSender } from "../../../test/kit/monitor.ts";
import type { ZmtpMessage } from "./message.ts";
import { openRouter } from "./router.ts";

const settings = {
  ...{ host: "127.0.0.1", port: 0, identity: "recodex-monitor", mostPeers: 10 },
  limits: { frameBytes: 1_000, messageBytes: 2_000 },
};

async function router(handshakeMs = 60_000) {
  const messages: string[][] = [];
  const log = keptLog();
  const take = (message: ZmtpMessage): void => void messages.push(message.parts().map((part) => part.toString()));
  return { ...(await openRouter({ ...settings, handshakeMs }, take, log)), messages, log };
}

test("a connection that does not say what it is, is closed after a while", async () => {
  const { port, close, log } = await router(50);
  const silent = connect(port, "127.0.0.1");
  silent.on("error", () => {}).resume();
  await once(silent, "close");
  expect(log.lines.at(-1)).toMatch(/did not say READY in time/);
  await close();
});

test("a sender that goes silent for longer than its PING said is given up", async () => {
  const { port, close, log } = await router();
  using sender = await testSender(port);
  const gone = once(sender.socket, "close");
  // TTL 1: a tenth of a second (RFC 37/ZMTP).
  sender.socket.write(Buffer.concat([Buffer.of(4, 7), Buffer.from("\x04PING\0\x01")]));
  await gone;
  expect(log.lines.at(-1)).toMatch(/silent for longer than it said/);
  await close();
});

test("closing takes what senders have got rid of", async () => {
  const { port, close, messages } = await router();
  using sender = await testSender(port);
  await sender.arrived();
  for (let n = 0; n < 1_000; n++) sender.send("job", "TASK", String(n));
  await close();
  expect(messages.map(([, , id]) => id)).toEqual(Array.from({ length: 1_000 }, (_, n) => String(n)));
});
