import { describe, expect, test } from "vitest";
import { highWaterBytes, lowWaterBytes } from "./backend.ts";
import { Inbox } from "./inbox.ts";

function listen(inbox: Inbox) {
  const messages: number[] = [];
  const heard = { messages, drained: 0 };
  inbox.start({ message: (message) => void messages.push(message.length), drained: () => void heard.drained++ });
  return heard;
}

describe("Inbox", () => {
  test("keeps what comes before somebody listens, up to a bound", () => {
    const inbox = new Inbox();
    for (let count = 0; count < 1000; count++) inbox.receive(new Uint8Array(1 + (count % 2)));
    expect(inbox.isFull).toBe(true);
    expect(listen(inbox).messages).toHaveLength(256);
    expect(inbox.isFull).toBe(false);
  });

  test("bounds what it keeps in bytes, too", () => {
    const inbox = new Inbox();
    for (let count = 0; count < 100; count++) inbox.receive(new Uint8Array(65_535));
    expect(listen(inbox).messages.length).toBeLessThanOrEqual(5);
  });

  test("drops empty messages", () => {
    const inbox = new Inbox();
    inbox.receive(new Uint8Array(0));
    const { messages } = listen(inbox);
    inbox.receive(new Uint8Array(0));
    expect(messages).toEqual([]);
  });

  test("gives nothing once closed, also in the middle of what was kept", () => {
    const inbox = new Inbox();
    for (const length of [1, 2, 3]) inbox.receive(new Uint8Array(length));
    const messages: number[] = [];
    const message = ({ length }: Uint8Array): void => {
      messages.push(length);
      if (length === 2) inbox.close();
    };
    inbox.start({ message, drained: () => {} });
    inbox.receive(new Uint8Array(4));
    expect(messages).toEqual([1, 2]);
  });

  test("says drained once, below the low mark, after having been above the high one", () => {
    const inbox = new Inbox();
    const heard = listen(inbox);
    inbox.queued(highWaterBytes);
    inbox.queued(0);
    expect(heard.drained).toBe(0);
    inbox.queued(highWaterBytes + 1);
    inbox.queued(lowWaterBytes);
    expect(heard.drained).toBe(0);
    inbox.queued(lowWaterBytes - 1);
    inbox.queued(0);
    expect(heard.drained).toBe(1);
  });
});
