// Every page: accessible in light and dark, and no wider than a phone.
import type { Page } from "@playwright/test";
import { findings } from "../lib/axe.ts";
import { expect, test } from "../lib/test.ts";
import { everyPage } from "../lib/pages.ts";
import { everyPipelinePage } from "../lib/pipeline-pages.ts";

/** The walks through all pages. */
const walks = [
  ["any page", everyPage],
  ["any page of a pipeline", everyPipelinePage],
] as const;

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });
    for (const [where, walk] of walks) {
      test(`axe finds nothing on ${where}`, async ({ freshPage: page, fresh, trouble }) => {
        test.setTimeout(600_000);
        trouble.allow(/422/);
        await walk(page, fresh, async (name) => {
          expect.soft(await findings(page), `axe on ${name} in ${colorScheme}`).toEqual([]);
        });
      });
    }
  });
}

test.describe("at phone width", () => {
  test.use({ viewport: { width: 375, height: 740 } });
  for (const [where, walk] of walks) {
    test(`nothing scrolls sideways on ${where}`, async ({ freshPage: page, fresh, trouble }) => {
      test.setTimeout(600_000);
      trouble.allow(/422/);
      await walk(page, fresh, async (name) => {
        expect.soft(await overflow(page), `what sticks out of ${name}`).toEqual([]);
      });
    });
  }
});

/** The elements that make a page wider than its window. */
function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const wide = [...document.querySelectorAll("body *")].filter((element) => element.getBoundingClientRect().right > width + 1);
    return wide.slice(0, 10).map((element) => `${element.tagName.toLowerCase()}.${element.className}`);
  });
}

test("an address that is not there says so, with the frame around it", async ({ sharedPage: page, trouble }) => {
  trouble.allow(/404/);
  const response = await page.goto("/no/such/page");
  expect(response?.status()).toBe(404);
  await expect(page.getByRole("navigation", { name: "Main" }).first()).toBeVisible();
  expect(await findings(page)).toEqual([]);
});

test("a share that is not there says so, and leads to those that are", async ({ sharedPage: page, trouble }) => {
  trouble.allow(/404/);
  const response = await page.goto("/shares/01890a5d-ac96-774b-bcce-b302099a8057");
  expect(response?.status()).toBe(404);
  await expect(page.getByRole("heading", { level: 1, name: "No such share" })).toBeVisible();
  expect(await findings(page)).toEqual([]);
  await page.getByRole("main").getByRole("link", { name: /shares/i }).click();
  await expect(page).toHaveURL(/\/shares$/);
});

test("without a session every page leads to signing in, which explains the launch address", async ({ browser, shared, trouble }) => {
  const context = await browser.newContext({ baseURL: shared.origin, storageState: { cookies: [], origins: [] } });
  trouble.watch(context);
  const page = await context.newPage();
  for (const path of ["/", "/shares", "/shares/import", "/map", "/playground", "/history", "/saved", "/accounts", "/activity"]) {
    await page.goto(path);
    await expect(page, `${path} leads to signing in`).toHaveURL(/\/sign-in/);
  }
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  expect(await findings(page)).toEqual([]);
  await context.close();
});

test("a launch address works once, and the console gives another one when it is asked", async ({ start, open, browser, trouble }) => {
  trouble.allow(/40[0-9]/);
  const console = await start();
  await expect(await open(console)).toHaveURL(`${console.origin}/`);
  const context = await browser.newContext({ storageState: { cookies: [], origins: [] } });
  const page = await context.newPage();
  await page.goto(console.launch);
  await expect(page).toHaveURL(/\/sign-in/);
  await expect(page.getByText("this token is wrong, or it was used before")).toBeVisible();
  await page.goto(await console.anotherLaunch());
  await expect(page).toHaveURL(`${console.origin}/`);
  await context.close();
});
