// People who are quicker than the page's script: what they typed, chose and pressed before it came stands, and counts.
import { answered } from "../lib/answers.ts";
import { expect, holdScripts, test } from "../lib/test.ts";
import { ShareWizard } from "../lib/wizard.ts";

test("what was typed before the script came is there afterwards, and is what is sent", async ({ sharedPage: page, trouble }) => {
  trouble.allow(/422/);
  const release = await holdScripts(page);
  await page.goto("/doctor", { waitUntil: "commit" });
  const message = page.getByRole("textbox", { name: "Error message" });
  await message.fill("it does not work");
  const caller = page.getByRole("textbox", { name: "Caller" });
  await caller.fill("scoring-lambda");
  await release();
  await expect(message).toHaveValue("it does not work");
  await expect(caller).toHaveValue("scoring-lambda");
  await page.getByRole("button", { name: "Read message" }).click();
  await expect(page.getByRole("alert")).toContainText("no error message that says who was denied what");
  await expect(message).toHaveValue("it does not work");
});

test("what was chosen before the script came counts once it is there", async ({ sharedPage: page }) => {
  const wizard = new ShareWizard(page);
  await wizard.start();
  await wizard.parent();
  const release = await holdScripts(page);
  await page.goto(page.url(), { waitUntil: "commit" });
  await page.getByRole("radio", { name: /^Chosen endpoints/ }).check();
  await page.getByRole("checkbox", { name: /^echo\b/ }).check();
  await page.getByRole("searchbox", { name: "Filter endpoints by name" }).fill("churn");
  await release();
  await expect(page.getByText("1 endpoint chosen")).toBeVisible();
  // The list follows the filter, with what was ticked kept above it.
  await expect(page.getByRole("checkbox", { name: /^Fraud-Detector-EU/ })).toBeHidden();
  await expect(page.getByRole("checkbox", { name: /^churn-classifier\b/ })).toBeVisible();
  await expect(page.getByRole("checkbox", { name: /^echo\b/ })).toBeChecked();
  await wizard.button("Choose callers").click();
  await wizard.at("callers");
  await page.goBack();
  await wizard.at("endpoints");
  await expect(page.getByRole("checkbox", { name: /^echo\b/ })).toBeChecked();
});

test("what was pressed before the script came is done once it is there", async ({ shared, sharedPage: page }) => {
  const list = JSON.stringify({ scores: Array.from({ length: 150 }, (_, n) => n) });
  const response = await answered(page, shared.origin, { type: "application/json", body: list });
  const release = await holdScripts(page);
  await page.goto(page.url(), { waitUntil: "commit" });
  const fold = response.locator("summary", { hasText: "scores" });
  await fold.click();
  await response.getByRole("tab", { name: "Raw" }).click();
  await page.getByRole("button", { name: "Jump to" }).click();
  await release();
  await expect(page.getByRole("dialog", { name: "Jump to" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(response.getByRole("tabpanel").locator("pre")).toHaveText(list);
  await response.getByRole("tab", { name: "Tree" }).click();
  await expect(response.getByText("99", { exact: true }).first()).toBeVisible();
});
