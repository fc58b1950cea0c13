import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { screenshot } from "../kit/browser.ts";
import { openPages, type OpenPages, runScript } from "../kit/pages.ts";

let pages: OpenPages;

beforeAll(async () => {
  pages = await openPages();
});
afterAll(async () => await pages[Symbol.asyncDispose]());

/** What a page would do if it took words for markup. */
const markup = `<img src=x onerror="globalThis.taken=1"><script>globalThis.taken=1</script>`;

describe("words of workers and of their output are words", () => {
  test("labels, troubles and details with markup in them", async () => {
    const { core } = pages.server.running;
    const { workerId } = pages.joined;
    await core.registry.setLabels(workerId, { note: markup.slice(0, 250) }, "u1");
    await using window = await pages.loggedIn("ada");
    const { page, complaints } = window;
    const told = page.getByRole("region", { name: "Needs attention" }).getByText(markup);
    await pages.trouble(markup, () => told.count());
    await page.goto("/workers/north-1?tab=about");
    await page.getByText("note=<img", { exact: false }).first().waitFor();
    await page.goto(`/workers?q=${encodeURIComponent(`${markup} of nobody`)}`);
    await page.getByText("No worker fits.").waitFor();
    // Without its end: the server takes no path with a slash in disguise.
    const [beginning = ""] = markup.split("</");
    await page.goto(`/workers/${encodeURIComponent(beginning)}`);
    await page.getByRole("alert").waitFor();
    await screenshot(page, "no-such-worker");
    expect(await page.evaluate(() => Reflect.get(globalThis, "taken"))).toBeUndefined();
    expect(await page.locator("img, script:not([src])").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("output that sets titles, makes links, writes to the clipboard and asks the terminal for answers", async () => {
    await using window = await pages.loggedIn("ada");
    const { page, context, complaints } = window;
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.evaluate(() => navigator.clipboard.writeText("mine"));
    const sent: string[] = [];
    page.on("request", (request) => request.method() === "POST" && sent.push(request.url()));
    const words = [
      String.raw`printf '\033]0;taken\007\033]2;taken\007'`,
      String.raw`printf '\033]8;;javascript:globalThis.taken=1\007script-link\033]8;;\007 '`,
      String.raw`printf '\033]8;;https://example.org/\007web-link\033]8;;\007 '`,
      String.raw`printf '\033]52;c;dGFrZW4=\007\033[c\033[6n\033[>c\033]10;?\007'`,
      `echo '${markup}' https://example.org/plain`,
      "echo the end",
    ];
    await runScript(page, words.join("\n"));
    await page.getByText("sha256 checked").waitFor();
    await page.locator(".xterm-rows").getByText("the end").waitFor();
    for (const link of ["script-link", "web-link", "example.org/plain"])
      await page.locator(".xterm-rows").getByText(link).first().click({ force: true });
    await screenshot(page, "hostile-output");
    expect(context.pages()).toHaveLength(1);
    expect(await page.title()).toMatch(/^[0-9a-zA-Z]+ · Farhand$/);
    expect(await page.evaluate(() => Reflect.get(globalThis, "taken"))).toBeUndefined();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("mine");
    expect(await page.locator(".xterm a, img").count()).toBe(0);
    // The order was the last thing that this page has said.
    expect(sent.map((url) => new URL(url).pathname)).toEqual(["/api/workers/north-1/units"]);
    expect(complaints).toEqual([]);
  });
});

describe("the policy of the pages", () => {
  test("a script or a style that got into the page does nothing, and is told", async () => {
    await using window = await pages.loggedIn("ada");
    const { page, complaints } = window;
    await page.evaluate((text) => {
      document.body.insertAdjacentHTML("beforeend", `<p style="color:red">x</p>${text}`);
      const script = document.createElement("script");
      script.textContent = "globalThis.taken = 1";
      document.body.append(script);
    }, markup);
    await expect.poll(() => complaints.filter((line) => line.startsWith("policy: ")).length).toBeGreaterThanOrEqual(3);
    expect(await page.evaluate(() => Reflect.get(globalThis, "taken"))).toBeUndefined();
  });

  test("nothing of another origin is fetched, framed, or sent a form", async () => {
    await using window = await pages.loggedIn("ada");
    const { page } = window;
    const fetched = await page.evaluate(() =>
      fetch("https://example.org/").then(
        () => "came",
        () => "refused",
      ),
    );
    expect(fetched).toBe("refused");
    const framed = await page.evaluate(async () => {
      const frame = document.createElement("iframe");
      frame.src = "/";
      document.body.append(frame);
      await new Promise((resolve) => setTimeout(resolve, 500));
      return frame.contentDocument?.getElementById("root") === null || frame.contentDocument === null;
    });
    expect(framed).toBe(true);
  });
});
