// Every page of the console, in the states worth looking at, walked in one go.
import { expect, type Page } from "@playwright/test";
import type { RunningConsole } from "./console.ts";
import { ShareWizard } from "./wizard.ts";

/** Visits each page, settled, and hands it over under a name that fits a file. */
export async function everyPage(page: Page, console: RunningConsole, look: (name: string) => Promise<void>): Promise<void> {
  const visit = async (name: string, path: string) => {
    await page.goto(path);
    await settled(page);
    await look(name);
  };
  await visit("overview-empty", "/");
  await visit("shares-empty", "/shares");
  await visit("import", "/shares/import");
  await visit("import-nothing", "/shares/import?search=1");
  await visit("map-empty", "/map");
  await visit("playground-empty", "/playground");
  await visit("history-empty", "/history");
  await visit("history-settings", "/history/settings");
  await visit("saved-empty", "/saved");
  await visit("saved-import", "/saved/import");
  await visit("batch-empty", "/playground/batch");
  await visit("load-empty", "/playground/load");
  await visit("compare-empty", "/playground/compare");
  await visit("activity-empty", "/activity");
  await visit("accounts", "/accounts");
  await visit("doctor-empty", "/doctor");
  await visit("accept", "/accept");

  const wizard = new ShareWizard(page);
  // What a click led to must also stand when the server renders it and the script takes it over.
  const here = async (name: string) => {
    await settled(page);
    await page.reload();
    await settled(page);
    await look(name);
  };
  await wizard.start();
  await here("wizard-1-parent");
  await wizard.parent();
  await here("wizard-2-endpoints");
  await wizard.button("Choose callers").click();
  await expect(page).toHaveURL(/check=1/);
  await here("wizard-2-endpoints-problem");
  await wizard.endpoints();
  await here("wizard-3-callers");
  await wizard.callers();
  await here("wizard-4-role");
  await wizard.role();
  await here("wizard-5-child");
  await wizard.child();
  await here("wizard-6-review");
  await console.fault({
    service: "iam",
    operation: "AttachRolePolicy",
    account: "222222222222",
    effect: { kind: "error", status: 403, code: "AccessDenied", message: "User: admin is not authorized to perform: iam:AttachRolePolicy" },
  });
  await wizard.apply();
  await expect(page.getByRole("button", { name: "Retry failed step" })).toBeVisible({ timeout: 30_000 });
  await here("wizard-7-apply-failed");
  await console.clearFaults();
  await page.getByRole("button", { name: "Retry failed step" }).click();
  await wizard.applied();
  await here("wizard-7-apply");
  await wizard.verify();
  await here("wizard-8-verify");

  const share = await page.getByRole("link", { name: "Go to the share" }).getAttribute("href");
  await page.getByRole("link", { name: "Open in the playground" }).click();
  await here("playground");
  await page.getByRole("button", { name: "Invoke endpoint" }).click();
  await expect(page.getByRole("region", { name: "Response" })).toContainText("200");
  await settled(page);
  await look("playground-response");
  await page.getByText("Copy as code", { exact: true }).click();
  await settled(page);
  await look("playground-code");
  await page.getByText("Save request", { exact: true }).click();
  await page.getByRole("textbox", { name: "Body" }).fill("{{tenure_months}},0,0");
  await page.getByRole("textbox", { name: "Name of the saved request" }).fill("Score a customer");
  await settled(page);
  await look("playground-save");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Score a customer" })).toBeVisible();
  await here("saved-edit");
  await page.getByRole("link", { name: "Open the form" }).click();
  await page.getByRole("textbox", { name: "Tenure months" }).fill("5");
  await here("saved-form");
  await page.getByRole("textbox", { name: "Tenure months" }).fill("5");
  await page.getByRole("button", { name: "Invoke endpoint" }).click();
  await expect(page.getByRole("region", { name: "Answer" })).not.toContainText("The answer will be here");
  await settled(page);
  await look("saved-form-answer");
  await visit("saved", "/saved");
  await visit("history", "/history");
  await visit("history-search", "/history?result=problems&from=2026-01-01&to=2025-01-01");
  await page.goto("/history");
  await page.getByRole("region", { name: "Calls" }).getByRole("link").first().click();
  await here("history-call");
  await visit("share", share!);
  await visit("function-choose", `${share}/function`);
  await page.getByRole("button", { name: "Make test function" }).click();
  const run = page.getByRole("button", { name: "Run function", exact: true });
  await expect(run).toBeVisible({ timeout: 60_000 });
  await here("function-made");
  await run.click();
  await expect(page.getByRole("region", { name: "Result" })).toContainText("AccessDenied", { timeout: 60_000 });
  await page.getByText("Delete the test function").click();
  await settled(page);
  await look("function-denied");
  await visit("undo", `${share}/undo`);
  await visit("hand-off", `${share}/hand-off`);
  await visit("drift-clean", `${share}/drift`);
  await visit("external-id", `${share}/external-id`);
  await visit("external-id-problem", `${share}/external-id?change=begin&to=x`);
  await visit("external-id-review", `${share}/external-id?change=begin&to=another-one`);
  await visit("map", "/map");
  await visit("map-chosen", "/map?fold=full&at=role/111111111111/SageMakerExternal");
  await visit("doctor", `/doctor?share=${share!.split("/").pop()}`);
  await visit("doctor-denied", `/doctor?share=${share!.split("/").pop()}&external_id=another-one`);
  await visit("shares", "/shares");
  await visit("overview", "/");
  await visit("activity", "/activity");
}

/** Waits until nothing on the page is loading any more. */
export async function settled(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  // What is folded away is loaded once it is unfolded.
  await expect(page.locator("[aria-busy=true]").filter({ visible: true })).toHaveCount(0);
  await page.evaluate(() => document.fonts.ready);
}
