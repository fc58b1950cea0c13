import { expect, test } from "vitest";
import { Remotes } from "./remotes.ts";
import { UdpSession } from "./session.ts";

function add(remotes: Remotes, address: string, now: number): UdpSession {
  const session = new UdpSession(
    address,
    () => {},
    async () => remotes.delete(address),
  );
  remotes.add(address, session, now);
  return session;
}

function named(remotes: Remotes): string[] {
  return remotes.sessions.map(({ description }) => description);
}

test("Remotes gives the place of the oldest one heard only once to a newcomer", async () => {
  const remotes = new Remotes(3);
  for (const address of ["a", "b", "c"]) add(remotes, address, 0);
  remotes.heard("a", 1);
  expect(remotes.makeRoom()).toBe(true);
  expect(named(remotes)).toEqual(["a", "c"]);
});

test("Remotes keeps a newcomer out when every place is taken by one heard again", () => {
  const remotes = new Remotes(2);
  for (const address of ["a", "b"]) {
    add(remotes, address, 0);
    remotes.heard(address, 1);
  }
  expect(remotes.makeRoom()).toBe(false);
  expect(named(remotes)).toEqual(["a", "b"]);
});

test("Remotes knows who has been silent", () => {
  const remotes = new Remotes(2);
  add(remotes, "a", 0);
  add(remotes, "b", 0);
  remotes.heard("b", 10);
  expect(remotes.silentSince(5).map(({ description }) => description)).toEqual(["a"]);
});
