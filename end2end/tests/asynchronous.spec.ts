// Calls that are answered later, by an object in S3: with a script and without.
import { findings } from "../lib/axe.ts";
import { expect, test } from "../lib/test.ts";

const ROW = "5,0,0,268.4,121,74.9,201.3,4,13.2";
const ADDRESS = "/playground?through=direct%2Feu-west-1%2Fparent&endpoint=churn-async";

for (const [mode, javaScriptEnabled] of [["with JavaScript", true], ["without JavaScript", false]] as const) {
  test.describe(mode, () => {
    test.use({ javaScriptEnabled });

    test("a call is handed over, and its answer is read out of S3 once it is there", async ({ sharedPage: page }) => {
      await page.goto(ADDRESS);
      const response = page.getByRole("region", { name: "Response" });
      await expect(page.getByRole("combobox", { name: "Answer" })).toHaveValue("async");
      await page.getByRole("combobox", { name: "Content type" }).fill("text/csv");
      await page.getByRole("textbox", { name: "Body" }).fill(ROW);
      await page.getByRole("button", { name: "Invoke endpoint" }).click();
      await expect(response).toContainText("s3://sagebridge-async-111111111111/outputs/", { timeout: 30_000 });
      const whole = response.getByText(/^0\.\d+\s*$/).first();
      if (javaScriptEnabled) {
        await expect(whole).toBeVisible({ timeout: 30_000 });
        expect(await findings(page)).toEqual([]);
      } else {
        await expect(async () => {
          await page.reload();
          await expect(whole).toBeVisible({ timeout: 1_000 });
        }).toPass({ timeout: 30_000 });
      }
    });

    test("what the model can't take is a failure that SageMaker left in S3", async ({ sharedPage: page }) => {
      await page.goto(ADDRESS);
      const response = page.getByRole("region", { name: "Response" });
      await page.getByRole("combobox", { name: "Content type" }).fill("text/plain");
      await page.getByRole("textbox", { name: "Body" }).fill(ROW);
      await page.getByRole("button", { name: "Invoke endpoint" }).click();
      await expect(async () => {
        if (!javaScriptEnabled) await page.reload();
        await expect(response).toContainText("The model failed", { timeout: 2_000 });
      }).toPass({ timeout: 30_000 });
      await expect(response).toContainText("s3://sagebridge-async-111111111111/failures/");
    });
  });
}
