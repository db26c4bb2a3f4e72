// Saved requests: one is saved in the playground, described, filled in by someone else, taken away as a file and back.
import { readFile } from "node:fs/promises";
import { bodyText } from "../lib/request.ts";
import { expect, test } from "../lib/test.ts";
import { ShareWizard } from "../lib/wizard.ts";

for (const [mode, javaScriptEnabled] of [["with JavaScript", true], ["without JavaScript", false]] as const) {
  test.describe(mode, () => {
    test.use({ javaScriptEnabled });

    test("a request is saved, becomes a form that someone fills in, and travels as a file", async ({ freshPage: page }) => {
      test.setTimeout(180_000);
      await new ShareWizard(page).share();
      await page.goto("/playground");
      const body = page.getByRole("textbox", { name: "Body" });
      const sample = (await bodyText(page).inputValue()).trim().split("\n")[0]!.split(",");
      await body.fill(["{{tenure}}", "{{calls}}", ...sample.slice(2)].join(","));
      await page.getByText("Save request", { exact: true }).click();
      await page.getByRole("textbox", { name: "Name of the saved request" }).fill("Score a customer");
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await expect(page.getByRole("heading", { level: 1, name: "Score a customer" })).toBeVisible();

      const tenure = page.locator("section").filter({ has: page.getByRole("heading", { name: "{{tenure}}" }) });
      await tenure.getByRole("textbox", { name: "Label" }).fill("Months with us");
      await tenure.getByRole("combobox", { name: "What it is" }).selectOption("Number");
      await tenure.getByRole("textbox", { name: "Filled in at first" }).fill("a lot");
      await page.getByRole("button", { name: "Save changes" }).click();
      await expect(page.getByText("Nothing was changed yet")).toBeVisible();
      await expect(tenure.getByRole("textbox", { name: "Filled in at first" })).toHaveAccessibleDescription(/is not a number/);
      await tenure.getByRole("textbox", { name: "Filled in at first" }).fill("12");
      await page.getByRole("button", { name: "Save changes" }).click();
      await expect(page.getByRole("status").filter({ hasText: "The changes are saved" })).toBeVisible();
      await page.getByRole("link", { name: "Open the form" }).click();

      const months = page.getByRole("textbox", { name: "Months with us" });
      await expect(months).toHaveValue("12");
      await months.fill("twelve");
      await page.getByRole("textbox", { name: "Calls" }).fill("0");
      await page.getByRole("button", { name: "Invoke endpoint" }).click();
      await expect(months).toHaveAccessibleDescription(/is not a number/);
      await expect(page.getByRole("textbox", { name: "Calls" })).toHaveValue("0");
      await months.fill("5");
      await page.getByRole("button", { name: "Invoke endpoint" }).click();
      await expect(page.getByRole("region", { name: "Answer" })).toContainText("Answered");

      await page.getByRole("link", { name: "Edit" }).click();
      const downloading = page.waitForEvent("download");
      await page.getByRole("link", { name: "Export as a file" }).click();
      const download = await downloading;
      expect(download.suggestedFilename()).toBe("saved-requests-score-a-customer.json");
      const text = await readFile(await download.path(), "utf8");
      expect(text).not.toMatch(/arn:aws|AKIA|[0-9]{12}/);

      const send = async (content: string) => {
        await page.goto("/saved/import");
        await page.getByLabel("File of saved requests").setInputFiles({ name: "saved.json", mimeType: "application/json", buffer: Buffer.from(content) });
        await page.getByRole("button", { name: "Read the file" }).click();
      };
      await send(text.slice(0, 80));
      await expect(page.getByRole("alert")).toContainText("cut off");
      await send(text);
      await expect(page.getByText("Nothing was added yet")).toBeVisible();
      await expect(page.getByRole("combobox", { name: "Score a customer is here already" })).toHaveValue("0-copy");
      await page.getByRole("button", { name: "Import 1 request" }).click();
      await expect(page.getByRole("status").filter({ hasText: "1 request added, 0 requests replaced" })).toBeVisible();
      await expect(page.getByRole("link", { name: "Score a customer (2)", exact: true })).toBeVisible();
      await page.getByRole("link", { name: "Edit Score a customer (2)" }).click();
      await page.getByText("Delete this request…").click();
      await page.getByRole("button", { name: "Delete this request" }).click();
      await expect(page).toHaveURL(/\/saved$/);
      await expect(page.getByRole("link", { name: "Score a customer", exact: true })).toBeVisible();
      await expect(page.getByRole("link", { name: "Score a customer (2)", exact: true })).toHaveCount(0);
    });
  });
}
