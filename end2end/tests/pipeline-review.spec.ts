// A pipeline before it is made, while it is made, and when it is taken away again.
import type { Page } from "@playwright/test";
import { findings } from "../lib/axe.ts";
import type { Fault, RunningConsole } from "../lib/console.ts";
import { PipelineWizard } from "../lib/pipeline.ts";
import { expect, test } from "../lib/test.ts";

const TRAINING = "444444444444";

/** The training stack's roles can't be made. */
const noRoles: Fault = {
  service: "iam",
  operation: "CreateRole",
  account: TRAINING,
  effect: { kind: "error", status: 403, code: "AccessDenied", message: "User: admin is not authorized to perform: iam:CreateRole" },
};

const bar = (page: Page) => page.getByRole("group", { name: "Actions" });

async function accessible(page: Page): Promise<void> {
  expect(await findings(page)).toEqual([]);
}

/** Applies what is reviewed, and waits for the page of the run. */
async function apply(page: Page): Promise<void> {
  await bar(page).getByRole("button", { name: /^Apply \d+ changes$/ }).click();
  await expect(page).toHaveURL(/\/apply$/);
}

async function made(page: Page): Promise<void> {
  await expect(bar(page).getByRole("link", { name: "Open the pipeline" })).toBeVisible({ timeout: 60_000 });
}

/** A run that failed in the training account, with the page on it. */
async function failed(page: Page, console: RunningConsole): Promise<void> {
  await new PipelineWizard(page).toReview();
  await console.fault(noRoles);
  await apply(page);
  const cause = page.getByRole("alert").filter({ hasText: "iam:CreateRole" });
  await expect(cause).toContainText("CREATE_FAILED", { timeout: 60_000 });
  await expect(bar(page).getByRole("button", { name: "Retry what failed" })).toBeVisible({ timeout: 60_000 });
  await console.clearFaults();
}

test("a review says in three lanes what is made, and why each role may do what it may", async ({ freshPage: page }) => {
  await new PipelineWizard(page).toReview();
  await expect(page.getByText(/^Apply makes the pipeline churn in eu-west-1/)).toBeVisible();
  const plan = page.getByRole("region", { name: "Plan" });
  for (const stack of ["churn-shared-services", "churn-training", "churn-workflow", "churn-production"]) {
    await expect(plan.getByText(stack, { exact: true }).filter({ visible: true }).first()).toBeVisible();
  }
  await expect(plan.getByRole("listitem").filter({ hasText: "pipeline assumes training-stage" })).toBeVisible();
  // Passed, and nothing else.
  await expect(page.getByText(/^\d+ passed$/)).toBeVisible();

  const table = page.getByRole("region", { name: "Roles and what they may do" });
  await table.getByRole("button", { name: "churn-training: read data: needed and allowed" }).click();
  await expect(page.getByText("The role churn-training may read data. The pipeline needs it.")).toBeVisible();
  await table.getByRole("button", { name: "churn-training: write data: not needed and denied" }).click();
  await expect(page.getByText(/^The role churn-training may not write data: .* The pipeline does not need it\.$/)).toBeVisible();
  await expect(page.getByText("s3:PutObject on").first()).toBeVisible();

  const templates = page.getByText("AWSTemplateFormatVersion").filter({ visible: true });
  await expect(templates).toHaveCount(0);
  await plan.getByRole("link", { name: "Template of churn-training" }).click();
  await expect(templates).toHaveCount(1);
  await expect(templates).toBeInViewport();
  await accessible(page);
});

test("what stands in the way in the accounts is told at the review, and nothing is applied over it", async ({ freshPage: page }) => {
  const wizard = new PipelineWizard(page);
  const instance = page.getByLabel("Instance type", { exact: true }).first();
  await wizard.start();
  await wizard.accounts();
  await instance.fill("ml.p3.2xlarge");
  await wizard.model();
  await wizard.data();
  const blockers = page.getByRole("region", { name: "One thing stands in the way." });
  await expect(blockers).toContainText("ml.p3.2xlarge for training job usage is 0, and 1 are needed");
  await expect(blockers).toContainText(`Raise it in Service Quotas of account ${TRAINING}`);
  await expect(bar(page).getByRole("button", { name: /^Apply/ })).toBeDisabled();
  await expect(bar(page)).toContainText("one thing stands in the way");
  await accessible(page);

  await page.goto(page.url().replace(/review$/, "model"));
  await instance.fill("ml.m5.large");
  await wizard.button("Choose data").click();
  await wizard.at("data");
  await wizard.read();
  await expect(blockers).toHaveCount(0);
  await expect(bar(page).getByRole("button", { name: /^Apply \d+ changes$/ })).toBeEnabled();
});

test("what failed is shown with its cause, and a retry makes the pipeline", async ({ freshPage: page, fresh }) => {
  await failed(page, fresh);
  await expect(page.getByText(/“Make stack churn-training .*” failed in the training account 444444444444/)).toBeVisible();
  await page.getByText(/^CloudFormation:/).first().click();
  await accessible(page);
  await bar(page).getByRole("button", { name: "Retry what failed" }).click();
  await made(page);
  await expect(page.getByText("The pipeline is made. It trains its first model now.")).toBeVisible();
  await accessible(page);

  // What stands is compared with the answers: there is nothing left to do.
  await page.goto(page.url().replace(/apply$/, "review"));
  await expect(page.getByText("Nothing to change: the three accounts are as the answers want them.")).toBeVisible();
});

test("an unfinished run is rolled back to nothing, and can be forgotten", async ({ freshPage: page, fresh }) => {
  await failed(page, fresh);
  await page.getByText("Roll back to nothing…").click();
  await page.getByRole("button", { name: "Roll back to nothing", exact: true }).click();
  await expect(page).toHaveURL(/\/pipelines\/[^/]+\/run\/[^/]+$/);
  await expect(page.getByRole("heading", { level: 1, name: "Roll back churn" })).toBeVisible();
  await expect(page.getByText("Everything that the unfinished run had made is taken away.")).toBeVisible({ timeout: 60_000 });
  const runs = page.getByRole("listitem").filter({ hasText: "steps done" });
  await expect(runs).toHaveCount(2);
  await accessible(page);

  await page.goto(page.url().replace(/run\/.*$/, "tear-down"));
  await expect(page.getByRole("heading", { name: "Nothing of this pipeline stands" })).toBeVisible();
  await accessible(page);
  await page.getByRole("button", { name: "Forget the pipeline" }).click();
  await expect(page).toHaveURL(/\/pipelines$/);
  await expect(page.getByRole("region", { name: "Pipelines" }).getByText("churn")).toHaveCount(0);
});

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test.use({ javaScriptEnabled });

    test("a pipeline is taken away after a dry run, once the bucket's name is typed", async ({ freshPage: page, fresh, trouble }) => {
      trouble.allow(/409|422/);
      await fresh.settings({ training_phase_ms: 20, state_wait_ms: 20, pipeline_poll_ms: 100 });
      await new PipelineWizard(page).toReview();
      await apply(page);
      await made(page);
      await bar(page).getByRole("link", { name: "Open the pipeline" }).click();
      // From here on nothing is made any more until somebody decides.
      const judge = page.getByRole("link", { name: "Judge the model" });
      await expect(async () => {
        if (!javaScriptEnabled) await page.reload();
        await expect(judge).toBeVisible({ timeout: 1_000 });
      }).toPass({ timeout: 60_000 });

      await page.goto(`${page.url()}/tear-down`);
      await expect(page.getByText(/^Taking away the pipeline churn deletes /)).toBeVisible();
      const standing = page.getByRole("region", { name: "What stands" });
      await expect(standing.getByText("churn-shared-services", { exact: true })).toBeVisible();
      await expect(page.getByText(/for the 30 days for which its deletion can be cancelled/)).toBeVisible();
      if (javaScriptEnabled) await accessible(page);

      const away = page.getByRole("button", { name: /^Take away \d+ things$/ });
      const bucket = page.getByRole("textbox", { name: "The bucket's name" });
      await bucket.fill("churn");
      await away.click();
      await expect(page.getByText("churn is not the bucket's name")).toBeVisible();
      await expect(bucket).toHaveValue("churn");
      await bucket.fill(`churn-333333333333-eu-west-1`);
      // As if the page had been looked at before something changed in the accounts.
      await page.locator("input[name=fingerprint]").evaluate((it: HTMLInputElement) => (it.value = "of another plan"));
      await away.click();
      await expect(page.getByRole("alert").filter({ hasText: "Nothing was taken away" })).toBeVisible();
      await expect(bucket).toHaveValue(`churn-333333333333-eu-west-1`);
      await away.click();
      await expect(page).toHaveURL(/\/run\/[^/]+$/);
      await expect(page.getByText("The pipeline is taken away.")).toBeVisible({ timeout: 60_000 });
    });
  });
}

test("what has changed since a review is reviewed anew", async ({ freshPage: page, trouble }) => {
  trouble.allow(/409/);
  await new PipelineWizard(page).toReview();
  const context = page.context();
  const other = await context.newPage();
  await other.goto(page.url());
  await apply(other);
  await made(other);
  await bar(page).getByRole("button", { name: /^Apply \d+ changes$/ }).click();
  await expect(page.getByRole("alert")).toContainText("have changed since this review");
  await expect(page.getByText("Nothing to change: the three accounts are as the answers want them.")).toBeVisible();
});

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
