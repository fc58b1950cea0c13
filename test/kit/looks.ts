import { expect, vi } from "vitest";
import { axeFindings, type Page, screenshot, type Window } from "./browser.ts";

export type Theme = "light" | "dark";

/** Where no processor is free, a change of colours was seen not to reach the page within 20 s; said again, it does. */
export async function turnTo(page: Page, theme: Theme): Promise<void> {
  const turned = page.locator(`html[data-theme="${theme}"]`);
  const turn = async (): Promise<void> => {
    await page.emulateMedia({ colorScheme: theme });
    await turned.waitFor({ state: "attached", timeout: 3_000 }).catch(async (error: unknown) => {
      await page.emulateMedia({ colorScheme: theme === "light" ? "dark" : "light" });
      throw error;
    });
  };
  await vi.waitFor(turn, { timeout: 30_000, interval: 100 });
}

const desk = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };
const lightOnDesk = { ...desk, theme: "light" } as const;
const darkOnPhone = { ...phone, theme: "dark" } as const;
/** Where nothing but colours and width may differ, two are enough. */
const two = [lightOnDesk, darkOnPhone];
export const fourLooks = [lightOnDesk, { ...desk, theme: "dark" }, { ...phone, theme: "light" }, darkOnPhone] as const;

/** What is in the window is fine at each of these, with a screenshot of each; in the end it is light and wide. */
export async function expectFine(
  window: Window,
  name: string,
  looks: readonly (typeof fourLooks)[number][] = two,
): Promise<void> {
  const { page } = window;
  for (const { width, height, theme } of looks) {
    await page.setViewportSize({ width, height });
    await turnTo(page, theme);
    await expectFineNow(window, `${name}-${width}-${theme}`);
  }
  await page.setViewportSize(desk);
  await turnTo(page, "light");
}

/** Nothing sticks out, nothing is wrong for who sees or hears otherwise, and the browser complained of nothing. */
export async function expectFineNow({ page, complaints }: Window, name: string): Promise<void> {
  await screenshot(page, name);
  expect(await axeFindings(page)).toEqual([]);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(over).toBeLessThanOrEqual(0);
  expect(complaints).toEqual([]);
}
