// The test fixtures: a console for each worker, a signed-in page that fails the test on any trouble in the browser.
import { test as base, expect, type Browser, type BrowserContext, type Page } from "@playwright/test";
import { RunningConsole } from "./console.ts";

/** What went wrong in a browser: errors on its console (violations of the content security policy are among them),
 *  exceptions, requests that failed. */
export class Trouble {
  readonly #seen: string[] = [];
  readonly #allowed: RegExp[] = [];

  /** Trouble that a test provokes. */
  allow(pattern: RegExp): void {
    this.#allowed.push(pattern);
  }

  watch(context: BrowserContext): void {
    context.on("console", (message) => {
      const kind = message.type();
      // A preloaded program is used late on a busy machine, and never where scripts are off.
      if (/was preloaded using link preload but not used/.test(message.text())) return;
      if (kind === "error" || kind === "warning") this.#add(message.page()?.url(), `${kind}: ${message.text()}`);
    });
    context.on("weberror", (error) => this.#add(error.page()?.url(), `exception: ${error.error().message}`));
    context.on("response", (response) => {
      if (response.status() >= 400) this.#add(undefined, `${response.status()}: ${response.request().method()} ${response.url()}`);
    });
  }

  /** The first lines say what happened; a stack of wasm frames says nothing more. Once each is enough. */
  #add(url: string | undefined, text: string): void {
    const lines = text.split("\n").map((line) => line.trim()).filter(Boolean).slice(0, 4);
    const entry = [...(url ? [`on ${new URL(url).pathname}`] : []), ...lines].join("\n");
    if (!this.#seen.includes(entry)) this.#seen.push(entry);
  }

  get all(): string[] {
    return this.#seen.filter((text) => !this.#allowed.some((pattern) => pattern.test(text)));
  }
}

/** Waits until the page's script has all that needs it: it takes the mark off each button that does nothing without. */
export async function scripted(page: Page): Promise<void> {
  await expect(page.locator("[data-early]"), "the page's script is there").toHaveCount(0, { timeout: 45_000 });
}

/** Keeps the page's script back until the returned function is called. */
export async function holdScripts(page: Page): Promise<() => Promise<void>> {
  let letGo = () => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const isScript = (url: URL) => /^\/pkg\/.*\.(js|wasm)$/.test(url.pathname);
  await page.route(isScript, async (route) => {
    await held;
    await route.continue();
  });
  return async () => {
    letGo();
    await scripted(page);
  };
}

/** Pages are worked with once their script is there, as most people do; `early.spec.ts` is about those who are quicker.
 *  Where a test says how far a page is to be waited for, that is how far. */
function patient(page: Page, look: Look): Page {
  if (look?.javaScriptEnabled === false) return page;
  const [goto, reload] = [page.goto.bind(page), page.reload.bind(page)];
  const opened = async <T>(opening: Promise<T>, options?: { waitUntil?: string }) => {
    const response = await opening;
    if (!options?.waitUntil) await scripted(page);
    return response;
  };
  page.goto = (url, options) => opened(goto(url, options), options);
  page.reload = (options) => opened(reload(options), options);
  return page;
}

/** What a browser is opened with. */
type Look = Parameters<Browser["newContext"]>[0];

interface TestFixtures {
  trouble: Trouble;
  /** The options of the test's `use`, for browsers that are opened here. */
  look: Look;
  /** Starts a console that lasts as long as the test. Asked for before `open`, it outlives its pages: one that still
   *  loads would miss it. */
  start: (options?: Parameters<typeof RunningConsole.start>[0]) => Promise<RunningConsole>;
  /** Opens a browser of its own and signs it in by the console's launch address. */
  open: (console: RunningConsole) => Promise<Page>;
  /** A console of this test's own, for tests that change accounts. */
  fresh: RunningConsole;
  /** A page that is signed in to `fresh`. */
  freshPage: Page;
  /** A page that is signed in to `shared`. */
  sharedPage: Page;
}

interface WorkerFixtures {
  /** A console that tests which only look share. */
  shared: RunningConsole;
  /** A session in it: its launch address works once. */
  session: Awaited<ReturnType<BrowserContext["storageState"]>>;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  shared: [
    async ({}, use) => {
      const running = await RunningConsole.start();
      await use(running);
      await running.stop();
    },
    { scope: "worker" },
  ],

  session: [
    async ({ shared, playwright }, use) => {
      const request = await playwright.request.newContext();
      const response = await request.get(shared.launch);
      expect(response.ok(), "the launch address signs in").toBe(true);
      await use(await request.storageState());
      await request.dispose();
    },
    { scope: "worker" },
  ],

  trouble: async ({}, use, info) => {
    const trouble = new Trouble();
    await use(trouble);
    if (info.status === info.expectedStatus) expect(trouble.all, "the browser had no trouble").toEqual([]);
  },

  look: async ({ javaScriptEnabled, viewport, colorScheme, locale, timezoneId }, use) => {
    const all = { javaScriptEnabled, viewport, colorScheme, locale, timezoneId };
    // An option that is not set is left to the browser.
    await use(Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)));
  },

  start: async ({}, use, info) => {
    const running: RunningConsole[] = [];
    await use(async (options) => {
      const console = await RunningConsole.start(options);
      running.unshift(console);
      return console;
    });
    // The newest first: one that was started over another's folder leaves it to that one to remove.
    for (const console of running) {
      if (info.status !== info.expectedStatus) await info.attach("console.log", { body: console.log, contentType: "text/plain" });
      await console.stop();
    }
  },

  open: async ({ browser, trouble, look }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (console) => {
      const context = await browser.newContext({ ...look, baseURL: console.origin });
      contexts.push(context);
      trouble.watch(context);
      const page = patient(await context.newPage(), look);
      await page.goto(console.launch);
      return page;
    });
    for (const context of contexts) await context.close();
  },

  fresh: async ({ start }, use) => use(await start()),

  // Set up in this order, and so taken down in the other: a page that still loads would miss its console.
  freshPage: async ({ fresh, open }, use) => use(await open(fresh)),

  sharedPage: async ({ browser, trouble, look, shared, session }, use) => {
    const context = await browser.newContext({ ...look, baseURL: shared.origin, storageState: session });
    trouble.watch(context);
    await use(patient(await context.newPage(), look));
    await context.close();
  },
});

export { expect };
