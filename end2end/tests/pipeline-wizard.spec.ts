// The pipeline wizard up to its review: accounts, names and model, data; what can be wrong is told where it is.
import type { Page } from "@playwright/test";
import { findings } from "../lib/axe.ts";
import { PipelineWizard } from "../lib/pipeline.ts";
import { expect, test } from "../lib/test.ts";

/** A table of so many rows that can be trained with. */
function table(rows: number): string {
  const row = (n: number) => `${n % 3 === 0 ? 1 : 0},${n},${(n * 7) % 13}.5`;
  return ["left,months,minutes", ...Array.from({ length: rows }, (_, n) => row(n))].join("\n");
}

/** A wizard at its table. */
async function atData(page: Page): Promise<PipelineWizard> {
  const wizard = new PipelineWizard(page);
  await wizard.start();
  await wizard.accounts();
  await wizard.model();
  return wizard;
}

for (const [mode, javaScriptEnabled] of [["with JavaScript", true], ["without JavaScript", false]] as const) {
  test.describe(mode, () => {
    test.use({ javaScriptEnabled });

    test("three steps lead to the review, and nothing that was typed is lost", async ({ freshPage: page }) => {
      const wizard = new PipelineWizard(page);
      await wizard.start();
      if (javaScriptEnabled) expect(await findings(page)).toEqual([]);
      await wizard.button("Choose names and model").click();
      await expect(page.getByText("No account is chosen")).toHaveCount(3);
      await wizard.accounts();
      if (javaScriptEnabled) {
        await expect(wizard.preflight.getByRole("status")).toContainText("Nothing stands in the way");
        expect(await findings(page)).toEqual([]);
      }

      const endpoint = page.getByRole("textbox", { name: "Endpoint name" });
      await page.getByRole("textbox", { name: "Prefix" }).fill("churn");
      await endpoint.fill("Churn");
      await wizard.hyperparameter("eta", "2");
      await page.getByRole("textbox", { name: "Longest training, minutes" }).fill("soon");
      await wizard.button("Choose data").click();
      await expect(page.getByText("`Churn` has capital letters".replaceAll("`", ""))).toBeVisible();
      await expect(page.getByText("eta must be a number from 0 to 1, not 2").filter({ visible: true })).toBeVisible();
      await expect(page.getByText("soon is not a whole number from 1 to 7200")).toBeVisible();
      await expect(endpoint).toHaveValue("Churn");
      await page.getByRole("textbox", { name: "Longest training, minutes" }).fill("30");
      await wizard.hyperparameter("eta", "0.3");
      await wizard.model({ rounds: "20" });
      if (javaScriptEnabled) expect(await findings(page)).toEqual([]);

      await wizard.data();
      await page.goBack();
      await wizard.at("data");
      await expect(page.getByRole("radio", { name: "Predict churned" })).toBeChecked();
      await expect(page.getByText("The whole table is read, and can be trained with")).toBeVisible();
      if (javaScriptEnabled) expect(await findings(page)).toEqual([]);
      await wizard.button("Back").click();
      await wizard.at("model");
      await expect(page.getByRole("textbox", { name: "Longest training, minutes" })).toHaveValue("30");
    });

    test("a table of one's own is shown by its columns, read, and its faults told by line", async ({ freshPage: page }) => {
      const wizard = await atData(page);
      await wizard.button("Review the pipeline").click();
      await expect(page.getByText("There is no data yet")).toBeVisible();
      await wizard.upload("bad.csv", `${table(60)}\nx,1,1\n0,many,1\n0,1`);
      await expect(wizard.columns).toHaveCount(3);
      await expect(page.getByRole("radio", { name: "Predict left" })).toBeChecked();
      await expect(page.getByRole("checkbox", { name: "The first row has the columns' names" })).toBeChecked();
      await wizard.button("Review the pipeline").click();
      await expect(page.getByRole("alert")).toContainText("3 of 63 rows can't be used; the first is line 62");
      const faults = page.getByRole("region", { name: "Rows that can't be used" }).getByRole("row");
      await expect(faults.nth(1)).toContainText("The label x is not 0 or 1");
      await expect(faults.nth(2)).toContainText("many in months is not a number");
      await expect(faults.nth(3)).toContainText("2 cells instead of 3");
      await wizard.at("data");
      if (javaScriptEnabled) expect(await findings(page)).toEqual([]);

      await wizard.upload("good.csv", `\uFEFF${table(60)}`);
      await expect(page.getByRole("radio", { name: "Predict left" })).toBeChecked();
      await page.getByRole("checkbox", { name: "Leave out months" }).check();
      await wizard.read();
      await page.goBack();
      await expect(page.getByRole("checkbox", { name: "Leave out months" })).toBeChecked();
    });

    test("a file that is no table is refused at its field", async ({ freshPage: page }) => {
      const wizard = await atData(page);
      await wizard.upload("empty.csv", "");
      await expect(page.getByRole("alert")).toContainText("or it is empty");
      if (javaScriptEnabled) expect(await findings(page)).toEqual([]);
      await wizard.upload("quote.csv", `a,b\n1,"${"2,\n".repeat(1_500_000)}`);
      await expect(page.getByRole("alert")).toContainText("look for a quotation mark without its second");
      await wizard.upload("good.csv", table(40));
      await expect(wizard.columns).toHaveCount(3);
    });
  });
}

test("each step goes by keyboard, and Enter in a field goes on", async ({ freshPage: page }) => {
  const wizard = new PipelineWizard(page);
  await wizard.start();
  for (const [lane, profile] of [["Shared services", "shared"], ["Training", "training"], ["Production", "production"]] as const) {
    await wizard.connection(lane, profile).focus();
    await page.keyboard.press("Space");
  }
  await wizard.button("Choose names and model").focus();
  await page.keyboard.press("Enter");
  await wizard.at("model");
  await page.getByRole("textbox", { name: "Prefix" }).focus();
  await page.keyboard.type("churn");
  await expect(page.getByRole("textbox", { name: "Repository" })).toHaveValue("churn");
  await page.keyboard.press("Enter");
  await wizard.at("data");
  await page.getByRole("button", { name: "Use the sample" }).focus();
  await page.keyboard.press("Enter");
  await expect(wizard.columns).toHaveCount(10);
  await page.getByRole("textbox", { name: "Rows to try the model on" }).press("Enter");
  await expect(page.getByRole("heading", { name: "Who may do what" }).or(page.getByText("can be trained with")).first()).toBeVisible();
});

test("names follow the prefix as it is typed, and one that is too long is told at once", async ({ freshPage: page }) => {
  const wizard = new PipelineWizard(page);
  await wizard.start();
  await wizard.accounts();
  const prefix = page.getByRole("textbox", { name: "Prefix" });
  await prefix.fill("churn");
  await expect(page.getByText("churn-333333333333-eu-west-1", { exact: true })).toBeVisible();
  await expect(page.getByText("churn-production", { exact: true })).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Endpoint name" })).toHaveValue("churn");
  await prefix.fill("customer-churn-of-a-telephone-company");
  await expect(page.getByText("37 characters are too many")).toBeVisible();
  await wizard.button("Choose data").click();
  await expect(prefix).toHaveAttribute("aria-invalid", "true");
  await expect(prefix).toBeFocused();
});

test("the accounts are looked at while they are chosen, and a bucket's name that is taken is told at its field", async ({ fresh, freshPage: page }) => {
  await fresh.fault({
    service: "codecommit",
    operation: "ListRepositories",
    effect: { kind: "error", status: 400, code: "OperationNotAllowedException", message: "ListRepositories request is not allowed because there is no existing repository in this AWS account or AWS Organization" },
  });
  const wizard = new PipelineWizard(page);
  await wizard.start();
  await expect(wizard.preflight).toContainText("Choose the three accounts");
  await wizard.connection("Shared services", "shared").check();
  await wizard.connection("Training", "training").check();
  await wizard.connection("Production", "training").check();
  await expect(page.getByText("Account 444444444444 is to be training and production")).toBeVisible();
  await expect(wizard.preflight).toContainText("Account 333333333333 can't make repositories");
  await expect(wizard.preflight).toContainText("the template will come from the bucket instead");
  await wizard.accounts();
  const repository = page.getByRole("radio", { name: /^A CodeCommit repository/ });
  await expect(repository).toBeDisabled();
  await expect(page.getByRole("radio", { name: /^A zipped object/ })).toBeChecked();
});

test("a file is sent with progress, and can be stopped on its way", async ({ freshPage: page }) => {
  const wizard = await atData(page);
  const slow = await page.context().newCDPSession(page);
  await slow.send("Network.enable");
  await slow.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 400_000 });
  await wizard.upload("large.csv", table(400_000));
  const said = page.getByRole("status").filter({ hasText: "large.csv" });
  await expect(said).toContainText(/large\.csv: [\d.]+ [kM]?B of [\d.]+ MB sent, [1-9]\d* %/);
  await expect(page.getByRole("progressbar", { name: "Sent" })).toBeVisible();
  await page.getByRole("button", { name: "Cancel upload" }).click();
  await expect(said).toBeHidden();
  await slow.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
  await wizard.upload("large.csv", table(400_000));
  await expect(wizard.columns).toHaveCount(3);
  await wizard.read();
});

test("a file that is dropped is sent", async ({ freshPage: page }) => {
  const wizard = await atData(page);
  const dropped = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], "dropped.csv", { type: "text/csv" }));
    return transfer;
  }, table(50));
  await page.getByRole("heading", { name: "A file of your own" }).dispatchEvent("drop", { dataTransfer: dropped });
  await expect(wizard.columns).toHaveCount(3);
  await expect(page.getByText("dropped.csv").first()).toBeVisible();
});

test("a step that was not reached says what comes first, and one that is none leads to the first", async ({ freshPage: page }) => {
  const wizard = new PipelineWizard(page);
  await wizard.start();
  const first = page.url();
  await page.goto(first.replace("/accounts", "/review"));
  await page.getByRole("link", { name: "Go on with Accounts" }).click();
  await wizard.at("accounts");
  await page.goto(first.replace("/accounts", "/nothing"));
  await expect(page.getByRole("heading", { name: "There is no such page" })).toBeVisible();
  await page.getByRole("link", { name: "Go to the first step" }).click();
  await wizard.at("accounts");
});

test("a wizard that is left is gone on with from the list, or discarded", async ({ freshPage: page }) => {
  const wizard = new PipelineWizard(page);
  await page.goto("/pipelines");
  await expect(page.getByText("No pipelines yet")).toBeVisible();
  expect(await findings(page)).toEqual([]);
  await wizard.start();
  await wizard.accounts();
  await page.getByRole("textbox", { name: "Prefix" }).fill("half");
  await wizard.button("Save for later").click();
  await expect(page).toHaveURL(/\/pipelines$/);
  expect(await findings(page)).toEqual([]);
  await page.getByRole("link", { name: "Go on with half" }).click();
  // All that step asks for follows from the prefix.
  await wizard.at("data");
  await wizard.button("Back").click();
  await wizard.at("model");
  await expect(page.getByRole("textbox", { name: "Prefix" })).toHaveValue("half");
  await page.goto("/pipelines");
  await page.getByRole("button", { name: "Discard draft: half" }).click();
  await expect(page.getByRole("link", { name: "Go on with half" })).toBeHidden();
});
