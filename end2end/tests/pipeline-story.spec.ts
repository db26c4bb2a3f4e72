// A pipeline's whole life: made, its first model rejected, the next one serving, renewed under load, gone back with, shared
// and taken away; and what fails on the way, with its cause.
import type { Locator, Page } from "@playwright/test";
import { findings } from "../lib/axe.ts";
import type { Fault } from "../lib/console.ts";
import { changes, everything } from "../lib/inventory.ts";
import { LONG, QUICK } from "../lib/pipeline-pages.ts";
import { PipelineWizard } from "../lib/pipeline.ts";
import { expect, holdScripts, test } from "../lib/test.ts";

/** What SageMaker keeps for good of a training, as the dry run says. */
const JOBS = [
  "training > logs > eu-west-1 > groups > /aws/sagemaker/TrainingJobs",
  "training > sagemaker > eu-west-1 > jobs > churn-",
  "training > sagemaker > eu-west-1 > tags > arn:aws:sagemaker:eu-west-1:444444444444:training-job/churn-",
];

const bar = (page: Page) => page.getByRole("group", { name: "Actions" });
const said = (page: Page) => page.getByRole("main").getByRole("status").first();
const versions = (page: Page) => page.getByRole("list", { name: "Versions" }).getByRole("listitem");

/** An account may have no more of what an operation makes. */
function noMore(operation: string, account: string): Fault {
  const effect = { kind: "error" as const, status: 400, code: "ResourceLimitExceeded", message: "The account-level service limit is 0" };
  return { service: "sagemaker", operation, account, effect };
}

/** Applies what is reviewed and opens the pipeline. */
async function apply(page: Page): Promise<void> {
  await bar(page).getByRole("button", { name: /^Apply/ }).click();
  await bar(page).getByRole("link", { name: "Open the pipeline" }).click(LONG);
  await expect(page).toHaveURL(/\/pipelines\/[^/]+$/);
}

/** Waits until a model waits for its verdict, and goes to it. */
async function judge(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Judge the model" }).click(LONG);
  await expect(page.getByRole("heading", { level: 1, name: "Judge the model" })).toBeVisible();
}

async function decide(page: Page, verdict: "Approve" | "Reject", comment: string): Promise<void> {
  await page.getByRole("textbox", { name: "Comment" }).fill(comment);
  await page.getByRole("button", { name: `${verdict} the model` }).click();
  await expect(page).toHaveURL(/\/pipelines\/[^/]+$/);
}

/** The version that serves, once so many are there. */
async function serves(page: Page, count: number): Promise<Locator> {
  await expect(versions(page)).toHaveCount(count, LONG);
  const live = versions(page).filter({ has: page.getByText("Serves", { exact: true }) });
  await expect(live).toHaveCount(1, LONG);
  return live;
}

/** Calls the endpoint without a pause until told to stop; gives how many calls there were, and those that failed. */
function load(page: Page, through: string, endpoint: string): { stop: () => Promise<{ calls: number; failed: string[] }> } {
  let going = true;
  const origin = new URL(page.url()).origin;
  const failed: string[] = [];
  let calls = 0;
  const caller = async () => {
    while (going) {
      const response = await page.request.post("/api/invoke_endpoint", {
        headers: { origin },
        form: { through, endpoint, content_type: "text/csv", body: "12,1,0,180.5,90,35.2,200.1,1,10.2" },
      });
      const text = await response.text();
      calls += 1;
      if (!response.ok() || !text.includes('"Ok"')) failed.push(`${response.status()} ${text.slice(0, 300)}`);
    }
  };
  const callers = Promise.all([caller(), caller()]);
  return {
    stop: async () => {
      going = false;
      await callers;
      return { calls, failed };
    },
  };
}

/** A table like the shipped one, but for its labels. */
function table(rows: number): string {
  const line = (row: number) => `${row % 3 === 0 ? 1 : 0},${row % 48},${row % 3},${row % 2},${100 + (row % 90)}.5,${row % 120},${20 + (row % 30)}.25,${150 + (row % 80)},${row % 5},${row % 12}`;
  const header = "churned,tenure_months,plan,contract,day_minutes,day_calls,monthly_charge,evening_minutes,support_tickets,international_minutes";
  return [header, ...Array.from({ length: rows }, (_, row) => line(row))].join("\n");
}

test("from data to production, renewed under load, and back to nothing", async ({ fresh, freshPage: page, trouble }) => {
  test.setTimeout(480_000);
  // A name that is not typed as it is gets refused.
  trouble.allow(/\b422\b/);
  await fresh.settings(QUICK);
  const before = await everything(fresh.dataDir);
  const wizard = new PipelineWizard(page);
  await wizard.toReview({ endpoint: "churn-live", rounds: "20" });
  await apply(page);

  // The first model is not good enough.
  await judge(page);
  await expect(page.getByText("SHA-256")).toBeVisible();
  expect(await findings(page)).toEqual([]);
  await decide(page, "Reject", "Try another depth");
  await expect(said(page)).toContainText("The last model was rejected", LONG);
  await expect(said(page)).toContainText("Try another depth");

  await page.getByRole("button", { name: "Start an execution" }).click();
  await judge(page);
  await decide(page, "Approve", "Good enough");
  const first = await (await serves(page, 1)).locator("code").first().textContent();
  await expect(said(page)).toContainText(/churn-live serves version/i, LONG);
  expect(await findings(page)).toEqual([]);
  const pipeline = page.url();

  // In production, and invoked by one click.
  await page.getByRole("link", { name: "Invoke it" }).click();
  await expect(page).toHaveURL(/\/playground\?through=direct/);
  // There is something to send: rows of the validation data.
  await page.getByRole("button", { name: "Invoke endpoint" }).click();
  await expect(page.getByRole("region", { name: "Response" })).toContainText(/0\.\d+/);

  // New data starts a run by itself, and its model takes over without a request that fails.
  await page.goto(pipeline);
  await page.getByRole("button", { name: "Edit pipeline" }).click();
  await wizard.at("model");
  await wizard.button("Choose data").click();
  await wizard.at("data");
  await wizard.data({ table: { name: "later.csv", text: table(900) } });
  await apply(page);
  await expect(page.getByRole("list", { name: "Executions" })).toContainText("by new training data", LONG);
  await judge(page);
  const busy = load(page, "direct/eu-west-1/production", "churn-live");
  await decide(page, "Approve", "Newer");
  const second = await (await serves(page, 2)).locator("code").first().textContent();
  expect(second).not.toBe(first);
  const { calls, failed } = await busy.stop();
  expect(failed).toEqual([]);
  expect(calls).toBeGreaterThan(20);

  // Back to the earlier version.
  await versions(page).filter({ hasText: first! }).getByText("Go back to it…").click();
  await page.getByRole("button", { name: "Serve this version again" }).click();
  const live = versions(page).filter({ has: page.getByText("Serves", { exact: true }) });
  await expect(live.locator("code").first()).toHaveText(first!, LONG);

  // Shared by one click, up to what only a person can answer.
  await page.getByRole("button", { name: "Share it with another account" }).click();
  await expect(page).toHaveURL(/\/shares\/new\/[^/]+\/callers/);

  // Taken away, with what is lost typed.
  await page.goto(pipeline);
  await page.getByRole("link", { name: "Take the pipeline away" }).click();
  expect(await findings(page)).toEqual([]);
  const away = page.getByRole("button", { name: /^Take away \d+ things$/ });
  await page.getByRole("textbox", { name: "The bucket's name" }).fill("another");
  await page.getByRole("textbox", { name: "The endpoint's name" }).fill("churn-live");
  await away.click();
  await expect(page.getByText("another is not the bucket's name")).toBeVisible();
  await page.getByRole("textbox", { name: "The bucket's name" }).fill("churn-333333333333-eu-west-1");
  await away.click();
  await expect(said(page)).toContainText("The pipeline is taken away.", LONG);
  await page.getByRole("button", { name: "Forget the pipeline" }).click();
  await expect(page).toHaveURL(/\/pipelines$/);
  await expect(page.getByText("No pipelines yet")).toBeVisible();
  expect(changes(before, await everything(fresh.dataDir), JOBS)).toEqual([]);
});

test("a training that fails says why, and goes on when it is retried", async ({ fresh, freshPage: page }) => {
  test.setTimeout(240_000);
  await fresh.settings(QUICK);
  await new PipelineWizard(page).toReview({ rounds: "5" });
  await fresh.fault(noMore("CreateTrainingJob", "444444444444"));
  await apply(page);
  await expect(said(page)).toContainText(/Failed at Train.*service limit/s, LONG);
  expect(await findings(page)).toEqual([]);

  // Somebody deletes what would start the next one.
  const gone = { kind: "error" as const, status: 400, code: "ResourceNotFoundException", message: "Rule does not exist." };
  await fresh.fault({ service: "events", operation: "DescribeRule", account: "333333333333", effect: gone });
  await page.reload();
  const idle = page.getByRole("note").filter({ hasText: "starts no execution" });
  await expect(idle).toContainText("New training data starts no execution: the rule churn-data was deleted in EventBridge.");
  await expect(idle).toContainText("A change of the template starts no execution: the rule churn-template was deleted");
  expect(await findings(page)).toEqual([]);

  // Where things stand is told at the first page, too.
  const address = page.url();
  await page.goto("/");
  await expect(page.getByText("Failed at Train")).toBeVisible();
  // A stage that is unfolded before the page's script is there stays so.
  const release = await holdScripts(page);
  await page.goto(address, { waitUntil: "commit" });
  const source = page.getByRole("region", { name: "Stages in detail" }).locator("details", { hasText: "Training template from" });
  await source.locator("summary").first().click();
  await release();
  await expect(source.getByText("Training template from")).toBeVisible();
  await fresh.clearFaults();
  await page.getByRole("button", { name: "Retry Train" }).first().click();
  await judge(page);
});

test("a training is a plot, and whoever started it may only reject its model where the rule says so", async ({ fresh, freshPage: page, trouble }) => {
  test.setTimeout(240_000);
  // A verdict without the comment that it needs.
  trouble.allow(/\b422\b/);
  await fresh.settings(QUICK);
  await new PipelineWizard(page).toReview({ rounds: "6" });
  await apply(page);
  await expect(page.getByRole("link", { name: "Judge the model" })).toBeVisible(LONG);
  await page.getByRole("navigation", { name: "Stages of the pipeline" }).getByRole("link", { name: / Train Succeeded/ }).click();
  await expect(page.getByText("auc over the rounds").first()).toBeVisible();
  await page.getByText("Round by round").click();
  await expect(page.getByRole("region", { name: "Round by round" }).getByRole("row")).toHaveCount(7);

  await page.getByRole("checkbox", { name: "Somebody else than the one who started it approves" }).check();
  await page.getByRole("checkbox", { name: "A verdict needs a comment" }).check();
  await page.getByRole("button", { name: "Save rules" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  await judge(page);
  await expect(page.getByRole("button", { name: /^Approve the model/ })).toBeDisabled();
  await expect(page.getByText("you started this execution, and somebody else has to approve it").filter({ visible: true }).first()).toBeVisible();
  await page.getByRole("button", { name: "Reject the model" }).click();
  await expect(page.getByText("a comment is required", { exact: false })).toBeVisible();
  await decide(page, "Reject", "Nobody else is here");
  await expect(said(page)).toContainText("The last model was rejected: Nobody else is here", LONG);
});

test("a deployment that fails says why, and goes on when it is retried", async ({ fresh, freshPage: page }) => {
  test.setTimeout(240_000);
  await fresh.settings(QUICK);
  await new PipelineWizard(page).toReview({ rounds: "5" });
  await apply(page);
  await judge(page);
  await fresh.fault(noMore("CreateModel", "555555555555"));
  await decide(page, "Approve", "");
  await expect(said(page)).toContainText(/Failed at Deploy.*service limit/s, LONG);
  await fresh.clearFaults();
  await page.getByRole("button", { name: "Retry Deploy" }).first().click();
  await serves(page, 1);
});
