import { describe, expect, test } from "vitest";
import { LiveNews } from "./live-news.ts";

describe("LiveNews", () => {
  test("tells whether a thing, or one of many by their beginning, has changed behind a number", () => {
    const news = new LiveNews();
    news.changed("mesh");
    const { last } = news;
    news.changed("configuration/a");
    expect(news.isNews(["mesh"], last)).toBe(false);
    expect(news.isNews(["configuration/"], last)).toBe(true);
    expect(news.named("configuration/", last)).toEqual(["a"]);
    expect(news.isNews(["configuration/b", "mesh"], 0)).toBe(true);
  });

  test("knows positions of its own start alone", () => {
    const news = new LiveNews();
    news.changed("mesh");
    expect(news.numberOf(news.positionOf(1))).toBe(1);
    for (const other of [new LiveNews().positionOf(0), news.positionOf(2), "nonsense", `${news.positionOf(1)}x`])
      expect(news.numberOf(other), other).toBeUndefined();
  });

  test("keeps so many things, and takes those it has forgotten for changed", () => {
    const news = new LiveNews(3);
    for (const name of ["a", "b", "c", "d", "e"]) news.changed(name);
    expect(news.hasForgotten(1)).toBe(true);
    expect(news.isNews(["a"], 1)).toBe(true);
    expect(news.isNews(["a"], 2)).toBe(false);
    expect(news.isNews(["d"], 2)).toBe(true);
  });

  test("wakes whoever waits for a thing by its change, and by no other", async () => {
    const news = new LiveNews();
    const woken: string[] = [];
    const over = new AbortController();
    const mesh = news.more(["mesh"], 0, over.signal).then(() => woken.push("mesh"));
    const pending = news.more(["pending"], 0, over.signal).then(() => woken.push("pending"));
    news.changed("mesh");
    await mesh;
    expect(woken).toEqual(["mesh"]);
    over.abort();
    await pending;
  });
});
