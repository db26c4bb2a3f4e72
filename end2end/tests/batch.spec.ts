// A file's rows as requests: with rows that fail, and a result to keep.
import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { findings } from "../lib/axe.ts";
import { expect, test } from "../lib/test.ts";

/** Ten rows, of which the third and the seventh make the model fail. */
const ROWS = Array.from({ length: 10 }, (_, at) => at + 1);
const FILE = ["id,text,fault", ...ROWS.map((n) => `${n},"a ""b"", ${n}",${n % 4 === 3 ? "status=400" : ""}`)].join("\n");

async function upload(page: Page, name: string, text: string): Promise<void> {
  await page.goto("/playground/batch");
  await page.getByLabel("File", { exact: true }).setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
  await page.getByRole("button", { name: "Upload file" }).click();
}

/** To echo, directly: no share is needed to try a batch. */
async function setUp(page: Page): Promise<void> {
  await page.getByRole("combobox", { name: "Through" }).selectOption("direct/eu-west-1/parent");
  await page.getByLabel("Endpoint", { exact: true }).fill("echo");
  await page.getByRole("checkbox", { name: /^id\b/ }).uncheck();
  await page.getByRole("checkbox", { name: /^fault\b/ }).uncheck();
  const attributes = page.getByRole("textbox", { name: "Custom attributes" });
  if (!(await attributes.isVisible())) await page.getByText("More headers").click();
  await attributes.fill("{{fault}}");
}

for (const [mode, javaScriptEnabled] of [["with JavaScript", true], ["without JavaScript", false]] as const) {
  test.describe(mode, () => {
    test.use({ javaScriptEnabled });

    test("a batch tells which rows failed, and its result has the predictions beside the inputs", async ({ freshPage: page }) => {
      await upload(page, "rows.csv", FILE);
      await expect(page.getByText("rows.csv has 10 rows")).toBeVisible();
      await expect(page.getByRole("checkbox", { name: "The first row has the columns' names" })).toBeChecked();
      if (javaScriptEnabled) expect(await findings(page)).toEqual([]);
      await setUp(page);
      await page.getByRole("textbox", { name: "Requests at once" }).fill("0");
      await page.getByRole("button", { name: "Start batch" }).click();
      await expect(page.getByText("is not a whole number from 1 to 64")).toBeVisible();
      await expect(page.getByRole("textbox", { name: "Custom attributes" })).toHaveValue("{{fault}}");
      await page.getByRole("textbox", { name: "Requests at once" }).fill("4");
      await page.getByRole("button", { name: "Start batch" }).click();
      await expect(page.getByText("All 10 rows are done, 2 failed.")).toBeVisible({ timeout: 30_000 });
      const failed = page.getByRole("region", { name: "Failed rows" });
      await expect(failed.getByRole("row")).toHaveCount(3);
      await expect(failed.getByRole("row").nth(1)).toContainText("ModelError");
      if (javaScriptEnabled) expect(await findings(page)).toEqual([]);

      const link = page.getByRole("link", { name: "Download result" });
      const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
      expect(download.suggestedFilename()).toBe("rows-result.csv");
      const lines = (await readFile(await download.path(), "utf8")).trimEnd().split("\n");
      expect(lines[0]).toBe("id,text,fault,prediction,status,error,ms");
      expect(lines[1]).toMatch(/^1,"a ""b"", 1",,"a ""b"", 1",200,,\d+$/);
      expect(lines[3]).toMatch(/^3,"a ""b"", 3",status=400,,400,"?ModelError: .*,\d+$/);
      expect(lines).toHaveLength(11);

      const remove = page.getByRole("button", { name: "Delete batch and files" });
      await expect(remove).toBeHidden();
      await page.getByText("Delete this batch…").click();
      await remove.click();
      await expect(page.getByText("No batches yet")).toBeVisible();
    });
  });
}

test("a file that is none is told at its field", async ({ freshPage: page }) => {
  await upload(page, "empty.csv", "\n\n");
  await expect(page.getByRole("alert")).toContainText("The file has no rows");
  expect(await findings(page)).toEqual([]);
});

test("a workbook is refused for what it is, and a line that is not JSON is marked before it is sent", async ({ freshPage: page }) => {
  await upload(page, "customers.xlsx", "PK\u0003\u0004\u0014\u0000");
  await expect(page.getByRole("alert")).toContainText("This is an Excel workbook or another ZIP file");
  await expect(page.getByRole("alert")).toContainText("Save the sheet as CSV");
  await upload(page, "one.jsonl", '{"a": 1}\n{broken\n');
  await expect(page.getByText("one.jsonl has 2 rows")).toBeVisible();
  const rows = page.getByRole("region", { name: "First rows" }).getByRole("row");
  await expect(rows.nth(1)).not.toContainText("Not JSON");
  await expect(rows.nth(2)).toContainText("Not JSON");
  expect(await findings(page)).toEqual([]);
});

test("rows that fail are listed as they come", async ({ fresh, freshPage: page }) => {
  await fresh.fault({ service: "runtime", operation: "InvokeEndpoint", effect: { kind: "latency", ms: 300 } });
  const rows = Array.from({ length: 80 }, (_, at) => `${at + 1},a,${at === 0 ? "" : "status=400"}`);
  await upload(page, "failing.csv", ["id,text,fault", ...rows].join("\n"));
  await setUp(page);
  await page.getByRole("textbox", { name: "Requests at once" }).fill("2");
  await page.getByRole("textbox", { name: "Pause after failed rows in a row" }).fill("0");
  await page.getByRole("button", { name: "Start batch" }).click();
  const failed = page.getByRole("region", { name: "Failed rows" });
  await expect(failed.getByRole("row").nth(3)).toBeVisible({ timeout: 30_000 });
  // It is still under way.
  await page.getByRole("button", { name: "Pause batch" }).click();
  await expect(page.getByText(/^Paused: \d+ of 80 rows are done, \d+ failed\.$/)).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText("It goes on when you close this page")).toBeHidden();
});
