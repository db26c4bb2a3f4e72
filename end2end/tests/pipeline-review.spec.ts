// A pipeline before it is made, and while it is made.
import type { Page } from "@playwright/test";
import { PipelineWizard } from "../lib/pipeline.ts";
import { expect, test } from "../lib/test.ts";

const bar = (page: Page) => page.getByRole("group", { name: "Actions" });

/** Applies what is reviewed, and waits for the page of the run. */
async function apply(page: Page): Promise<void> {
  await bar(page).getByRole("button", { name: /^Apply \d+ changes$/ }).click();
  await expect(page).toHaveURL(/\/apply$/);
}

async function made(page: Page): Promise<void> {
  await expect(bar(page).getByRole("link", { name: "Open the pipeline" })).toBeVisible({ timeout: 60_000 });
}

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("a review can be read and asked, and a run followed", async ({ freshPage: page }) => {
    await new PipelineWizard(page).toReview();
    await page.getByRole("button", { name: "churn-training: read data: needed and allowed" }).click();
    await expect(page.getByText("The role churn-training may read data. The pipeline needs it.")).toBeVisible();
    await apply(page);
    await made(page);
  });
});
