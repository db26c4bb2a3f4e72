// Everything by keyboard: the main job without a pointer, the skip link, the command palette.
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../lib/test.ts";
import { ShareWizard } from "../lib/wizard.ts";

/** Presses Tab until the focus is where it should be. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let presses = 0; presses < 150; presses++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`150 presses of Tab did not reach ${target}`);
}

async function press(page: Page, target: Locator, key = "Enter"): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press(key);
}

/** A group of radio buttons is one stop of Tab; arrows move, and choose, inside it. */
async function choose(page: Page, group: string, radio: Locator): Promise<void> {
  const radios = page.getByRole("group", { name: group, exact: true }).getByRole("radio");
  const inGroup = () => radios.evaluateAll((all) => all.some((element) => element === document.activeElement));
  for (let presses = 0; !(await inGroup()); presses++) {
    expect(presses, `Tab reaches the group ${group}`).toBeLessThan(150);
    await page.keyboard.press("Tab");
  }
  for (let presses = 0; !(await radio.isChecked()); presses++) {
    expect(presses, `arrows reach ${radio}`).toBeLessThan(20);
    await page.keyboard.press("ArrowDown");
  }
}

test("a share is made and invoked without a pointer", async ({ freshPage: page }) => {
  test.setTimeout(150_000);
  const wizard = new ShareWizard(page);
  const bar = (name: string | RegExp) => wizard.button(name);
  await page.goto("/shares");
  await press(page, page.getByRole("main").getByRole("button", { name: "Share an endpoint" }).first());
  await wizard.at("parent");
  await choose(page, "Parent account", wizard.connection("Parent account", "parent"));
  await press(page, bar("Choose endpoints"));
  await wizard.at("endpoints");
  await press(page, page.getByRole("checkbox", { name: /^echo\b/ }), "Space");
  await press(page, bar("Choose callers"));
  await wizard.at("callers");
  await choose(page, "Child account", wizard.connection("Child account", "child"));
  await press(page, page.getByRole("checkbox", { name: /^scoring-lambda\b/ }), "Space");
  await press(page, bar("Set up the role"));
  await wizard.at("role");
  await press(page, bar("Set up the child"));
  await wizard.at("child");
  await press(page, bar("Review the share"));
  await wizard.at("review");
  await press(page, bar(/^Apply \d+ changes$/));
  await wizard.at("apply");
  await wizard.applied();
  await press(page, bar("Verify the share"));
  await wizard.at("verify");
  await wizard.verified();
  await press(page, page.getByRole("link", { name: "Open in the playground" }));
  await press(page, page.getByRole("button", { name: "Invoke endpoint" }));
  await expect(page.getByRole("region", { name: "Response" })).toContainText("200");
});

test("Enter in a text field goes on, not back", async ({ freshPage: page }) => {
  const wizard = new ShareWizard(page);
  await wizard.start();
  await wizard.parent();
  await wizard.endpoints();
  await wizard.callers();
  await page.getByRole("textbox", { name: "Role" }).press("Enter");
  await wizard.at("child");
});

test("the first stop on a page is the link that skips the navigation", async ({ sharedPage: page }) => {
  await page.goto("/shares");
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to content" });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
});

test("the command palette opens with a key, finds a page and goes there; Esc closes it", async ({ sharedPage: page }) => {
  await page.goto("/");
  const input = page.getByRole("combobox", { name: "Page, share or endpoint" });
  await expect(async () => {
    await page.keyboard.press("Control+k");
    await expect(input).toBeFocused({ timeout: 1000 });
  }).toPass();
  await page.keyboard.press("Escape");
  await expect(input).toBeHidden();
  await page.keyboard.press("Control+k");
  await expect(input).toBeFocused();
  await page.keyboard.type("activ");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/activity$/);
});
