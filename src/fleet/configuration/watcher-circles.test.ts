import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { circlesOf, circleText, type FileMover, writtenLine } from "./watcher-circles.ts";

type Written = readonly [name: string, folder: string, moveTo?: string | undefined, depth?: number];

const movers = (all: readonly Written[]): FileMover[] =>
  all.map(([name, folder, moveTo, depth = 0]) => ({
    ...{ name, depth, folder: writtenLine(folder) },
    targets: moveTo === undefined ? [] : [{ key: "onSuccess", folder: writtenLine(moveTo) }],
  }));

/** Where a file may be found in the end, and how often it was moved, when it is put into the folder of the first. */
function follow(all: readonly Written[], below: string, moves: number): number {
  let at = `${all[0]?.[1]}/${below}`;
  for (let n = 0; n < moves; n++) {
    const found = all.find(([, folder, , depth = 0]) => {
      return at.startsWith(`${folder}/`) && at.slice(folder.length + 1).split("/").length <= depth + 1;
    });
    if (found?.[2] === undefined) return n;
    at = `${found[2]}/${at.slice(found[1].length + 1)}`;
  }
  return moves;
}

describe("circlesOf()", () => {
  test.each<[string, Written[], string[][]]>([
    ["none without a target", [["a", "/a"]], []],
    ["none where files come to rest", [["a", "/a", "/b"]], []],
    [
      "none for a chain",
      [
        ["a", "/a", "/b"],
        ["b", "/b", "/c"],
        ["c", "/c"],
      ],
      [],
    ],
    [
      "none for two that share a folder and a target",
      [
        ["a", "/in", "/out"],
        ["b", "/in", "/out"],
      ],
      [],
    ],
    ["its own folder, however it is written", [["a", "/a", "/x/../a/."]], [["a"]]],
    ["below its own folder, where it looks", [["a", "/a", "/a/b/c", 2]], [["a"]]],
    ["none below its own folder, where it does not look", [["a", "/a", "/a/b", 0]], []],
    [
      "each other's folder",
      [
        ["a", "/a", "/b"],
        ["b", "/b", "/a"],
      ],
      [
        ["a", "b"],
        ["b", "a"],
      ],
    ],
    [
      "three, with one beside them that only leads in",
      [
        ["in", "/in", "/a"],
        ["a", "/a", "/b"],
        ["b", "/b", "/c"],
        ["c", "/c", "/a"],
      ],
      [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
      ],
    ],
    [
      "two of one folder that move below it",
      [
        ["a", "/in", "/in/a", 2],
        ["b", "/in", "/in/b", 2],
      ],
      [["a"], ["b"]],
    ],
    [
      "below another's folder",
      [
        ["a", "/a", "/b/x"],
        ["b", "/b", "/a", 1],
      ],
      [
        ["a", "b"],
        ["b", "a"],
      ],
    ],
    [
      "none below another's folder, where that does not look",
      [
        ["a", "/a", "/b/x"],
        ["b", "/b", "/a"],
      ],
      [],
    ],
    [
      "none where the other does not look at what it has moved",
      [
        ["a", "/a", "/b/done"],
        ["b", "/b", "/b/done", 0],
      ],
      [],
    ],
    [
      "above another's folder, by the folders between",
      [
        ["a", "/a", "/b", 1],
        ["b", "/b/x", "/a"],
      ],
      [
        ["a", "b"],
        ["b", "a"],
      ],
    ],
    [
      "none for a name that begins alike",
      [
        ["a", "/a", "/ab"],
        ["ab", "/abc", "/a"],
      ],
      [],
    ],
    ["the root", [["a", "/", "/x", 1]], [["a"]]],
  ])("%s", (_, written, through) => {
    expect(circlesOf(movers(written)).map((circle) => circle.through)).toEqual(through);
  });

  test("names the watcher, the key and the way", () => {
    const [a, b] = movers([
      ["a", "/a"],
      ["b", "/b", "/a"],
    ]) as [FileMover, FileMover];
    const onFailure = { key: "onFailure", folder: writtenLine("/b") } as const;
    const rest = { key: "onSuccess", folder: writtenLine("/rest") } as const;
    const [circle] = circlesOf([{ ...a, targets: [rest, onFailure] }, b]);
    expect(circle).toEqual({ mover: 0, key: "onFailure", through: ["a", "b"], isHome: false });
    expect(circle && circleText(circle)).toMatch(/for ever, a → b → a: name a folder/);
  });

  test("where it finds none, no file is moved more often than there are watchers", () => {
    const folder = fc.constantFrom("/a", "/a/x", "/a/x/y", "/b", "/b/x", "/c", "/d");
    const one = fc.tuple(folder, fc.option(folder, { nil: undefined }), fc.integer({ min: 0, max: 2 }));
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 5 }), fc.constantFrom("f", "x/f", "x/y/f"), (all, below) => {
        const written = all.map(([from, to, depth], n): Written => [`w${n}`, from, to, depth]);
        if (circlesOf(movers(written)).length > 0) return;
        expect(follow(written, below, 50)).toBeLessThan(50);
      }),
    );
  });
});
