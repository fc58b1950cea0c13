import { expect, test } from "vitest";
import { LastWords } from "./last-words.ts";

const bytes = (text: string) => Uint8Array.from(Buffer.from(text));

test("again() gives the last answer, and a probe, each time another", () => {
  const words = new LastWords();
  expect(words.again(0)).toEqual([]);
  for (const probe of ["a", "b", "c"]) words.keepProbe(bytes(probe));
  words.keepAnswer(bytes("x"));
  words.keepAnswer(bytes("y"));
  const texts = (time: number) => words.again(time).map((datagram) => Buffer.from(datagram).toString());
  expect([texts(0), texts(1), texts(2), texts(3)]).toEqual([
    ["a", "y"],
    ["b", "y"],
    ["c", "y"],
    ["a", "y"],
  ]);
});

test("it keeps four probes, and no answer that is long", () => {
  const words = new LastWords();
  for (const probe of ["a", "b", "c", "d", "e"]) words.keepProbe(bytes(probe));
  words.keepAnswer(new Uint8Array(16_000));
  expect(words.again(0)).toEqual([bytes("b")]);
  expect(words.again(4)).toEqual([bytes("b")]);
});

test("dropProbes() is called when answers come again", () => {
  const words = new LastWords();
  words.keepProbe(bytes("a"));
  expect(words.isStuck).toBe(true);
  words.dropProbes();
  expect(words.isStuck).toBe(false);
  expect(words.again(0)).toEqual([]);
});

test("what it keeps is a copy: datagrams are cut from memory that is used again", () => {
  const words = new LastWords();
  const datagram = bytes("a");
  words.keepAnswer(datagram);
  datagram.fill(0);
  expect(words.again(0)).toEqual([bytes("a")]);
});
