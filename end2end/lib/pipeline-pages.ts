// Every page of a pipeline, in the states worth looking at, from the empty wizard to the tear-down.
import { expect, type Page } from "@playwright/test";
import type { RunningConsole } from "./console.ts";
import { settled } from "./pages.ts";
import { PipelineWizard } from "./pipeline.ts";

/** What takes minutes on AWS takes moments. */
export const QUICK = {
  endpoint_creation_ms: 200,
  endpoint_update_ms: 500,
  function_activation_ms: 0,
  training_phase_ms: 20,
  deployment_second_ms: 10,
  state_wait_ms: 20,
  pipeline_poll_ms: 100,
  pipeline_continuation_ms: 200,
};
/** A training, or a deployment, on a busy machine. */
export const LONG = { timeout: 90_000 };

/** Visits each page, settled, and hands it over under a name that fits a file. */
export async function everyPipelinePage(page: Page, console: RunningConsole, look: (name: string) => Promise<void>): Promise<void> {
  const now = async (name: string) => {
    await settled(page);
    await look(name);
  };
  // What a click led to must also stand when the server renders it and the script takes it over.
  const here = async (name: string) => {
    await settled(page);
    await page.reload();
    await page.waitForLoadState("load");
    await now(name);
  };
  const bar = page.getByRole("group", { name: "Actions" });
  await console.settings(QUICK);

  await page.goto("/pipelines");
  await now("pipelines-empty");
  const wizard = new PipelineWizard(page);
  await wizard.start();
  await here("pipeline-1-accounts");
  await wizard.button("Choose names and model").click();
  await expect(page).toHaveURL(/check=1/);
  await here("pipeline-1-accounts-problem");
  await wizard.accounts();
  await here("pipeline-2-model");
  await wizard.model({ rounds: "20" });
  await here("pipeline-3-data-empty");
  await wizard.upload("broken.csv", "label,amount\n1,2\n0,three\n1,4,5\n");
  await expect(wizard.columns.first()).toBeVisible();
  await wizard.button("Review the pipeline").click();
  await expect(page.getByText("three").first()).toBeVisible();
  await here("pipeline-3-data-problem");
  await page.getByText("Use another table").click();
  await page.getByRole("button", { name: "Use the sample" }).click();
  await expect(wizard.columns).toHaveCount(10);
  await here("pipeline-3-data");
  await wizard.read();
  await here("pipeline-4-review");
  await page.getByRole("button", { name: "churn-training: write data: not needed and denied" }).click();
  await page.getByRole("link", { name: "Template of churn-training" }).click();
  await now("pipeline-4-review-open");

  await console.fault({
    service: "iam",
    operation: "CreateRole",
    account: "444444444444",
    effect: { kind: "error", status: 403, code: "AccessDenied", message: "User: admin is not authorized to perform: iam:CreateRole" },
  });
  await bar.getByRole("button", { name: /^Apply/ }).click();
  await expect(bar.getByRole("button", { name: "Retry what failed" })).toBeVisible(LONG);
  await here("pipeline-5-apply-failed");
  await console.clearFaults();
  await bar.getByRole("button", { name: "Retry what failed" }).click();
  await expect(bar.getByRole("link", { name: "Open the pipeline" })).toBeVisible(LONG);
  await here("pipeline-5-apply");

  await bar.getByRole("link", { name: "Open the pipeline" }).click();
  await expect(page.getByRole("link", { name: "Judge the model" })).toBeVisible(LONG);
  await here("pipeline-waits");
  const address = new URL(page.url()).pathname;
  await page.goto(`${address}?stage=Train`);
  await now("pipeline-train");
  await page.goto(address);
  await page.getByRole("link", { name: /^Execution / }).first().click();
  await expect(page.getByRole("heading", { name: /^Execution [0-9a-f]/ })).toBeVisible();
  await page.getByText("What is written about it").first().click();
  await here("pipeline-execution");
  await page.getByRole("link", { name: "Close" }).click();
  await expect(page.getByRole("heading", { name: /^Execution [0-9a-f]/ })).toHaveCount(0);
  await page.getByRole("link", { name: "Judge the model" }).click();
  await expect(page.getByRole("textbox", { name: "Comment" })).toBeVisible();
  await here("pipeline-approve");
  await page.getByRole("textbox", { name: "Comment" }).fill("Try another depth");
  await page.getByRole("button", { name: "Reject the model" }).click();
  await expect(page.getByRole("main").getByRole("status").first()).toContainText("The last model was rejected", LONG);
  await here("pipeline-rejected");
  await page.getByRole("button", { name: "Start an execution" }).click();
  await page.getByRole("link", { name: "Judge the model" }).click(LONG);
  await page.getByRole("button", { name: "Approve the model" }).click();
  await expect(page.getByRole("link", { name: "Invoke it" })).toBeVisible(LONG);
  await here("pipeline-serves");

  // A second model, beside the one that serves.
  await page.getByRole("button", { name: "Start an execution" }).click();
  await page.getByRole("link", { name: "Judge the model" }).click(LONG);
  await page.getByRole("button", { name: "Try the candidate" }).click();
  await expect(page.getByText(/^Both were asked/)).toBeVisible(LONG);
  await here("pipeline-approve-tried");
  await console.fault({
    service: "sagemaker",
    operation: "CreateModel",
    account: "555555555555",
    effect: { kind: "error", status: 400, code: "ResourceLimitExceeded", message: "The account-level service limit is 0" },
  });
  await page.getByRole("button", { name: "Approve the model" }).click();
  await expect(page.getByRole("main").getByRole("status").first()).toContainText("Failed at Deploy", LONG);
  await here("pipeline-failed");
  await console.clearFaults();
  await page.goto("/pipelines");
  await now("pipelines");
  await page.goto("/activity");
  await now("activity-pipelines");

  await page.goto(`${address}/tear-down`);
  await now("pipeline-tear-down");
  await page.getByRole("textbox", { name: "The bucket's name" }).fill("another");
  await page.getByRole("textbox", { name: "The endpoint's name" }).fill("churn");
  await page.getByRole("button", { name: /^Take away \d+ things$/ }).click();
  await expect(page.getByText("another is not the bucket's name")).toBeVisible();
  await now("pipeline-tear-down-problem");
  await page.getByRole("textbox", { name: "The bucket's name" }).fill("churn-333333333333-eu-west-1");
  await page.getByRole("button", { name: /^Take away \d+ things$/ }).click();
  await expect(page.getByText("The pipeline is taken away.")).toBeVisible(LONG);
  await here("pipeline-torn-down");
  await page.goto(address);
  await now("pipeline-gone");
}
