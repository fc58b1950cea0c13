import { expect } from "vitest";
import type { ServerSettings } from "../../src/server/server.ts";
import { goodPassword } from "./access.ts";
import { type Browser, openBrowser, openWindow, type Page, type Window, type WindowOptions } from "./browser.ts";
import { type JoinedWorker, wholeServer, type WholeServer } from "./whole-server.ts";

/** A server with one worker `north-1`, its admin `ada`, and a browser to look at it. At the end of its scope all is gone. */
export interface OpenPages extends AsyncDisposable {
  readonly server: WholeServer;
  readonly joined: JoinedWorker;
  readonly browser: Browser;
  /** @param url another way to the server. */
  window(options?: WindowOptions, url?: string): Promise<Window>;
  /** A window in which somebody has logged in, on the overview. */
  loggedIn(name: string, url?: string): Promise<Window>;
  /** The worker says that something is wrong with its work, again and again until `seen`: its own heartbeats do not. */
  trouble(text: string, seen: () => Promise<number>): Promise<void>;
}

export async function openPages(settings: Partial<ServerSettings> = {}): Promise<OpenPages> {
  const server = await wholeServer(settings);
  const joined = await server.worker("north-1", { capabilities: ["sh"], labels: { region: "eu" } });
  await server.user("ada", "admin");
  const browser = await openBrowser();
  const window = (options?: WindowOptions, url = server.url) => openWindow(browser, url, options);
  const { registry, presence } = server.running.core;
  const trouble = async (text: string, seen: () => Promise<number>): Promise<void> => {
    const { epoch } = await registry.find(joined.workerId);
    const tell = async (): Promise<number> => {
      presence.heard(joined.workerId, epoch, text);
      return await seen();
    };
    await expect.poll(tell, { timeout: 30_000, interval: 500 }).toBe(1);
  };
  return {
    ...{ server, joined, browser, window },
    trouble,
    loggedIn: async (name, url) => {
      const opened = await window({}, url);
      await opened.page.goto("/");
      await fillLogin(opened.page, name, goodPassword);
      await opened.page.getByRole("heading", { name: "Overview" }).waitFor();
      return opened;
    },
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Give name and password, and send them. */
export async function fillLogin(page: Page, name: string, password: string): Promise<void> {
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** Start a shell script as a unit, by the page of its worker. */
export async function runScript(page: Page, script: string): Promise<void> {
  await page.goto("/workers/north-1");
  await page.getByRole("button", { name: "Run…" }).click();
  await page.getByLabel("Input", { exact: true }).fill(script);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("region", { name: "Output" }).waitFor();
}
