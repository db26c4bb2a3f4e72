// The main job, from the first visit to a prediction, with and without JavaScript.
import { expect, test } from "../lib/test.ts";
import { ShareWizard } from "../lib/wizard.ts";

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test.use({ javaScriptEnabled });

    test("from the launch address to a prediction through a share that was just made", async ({ freshPage: page, fresh }) => {
      await test.step("the first visit ends at a clean address, signed in", async () => {
        await expect(page).toHaveURL(`${fresh.origin}/`);
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        for (const account of ["111111111111", "222222222222", "333333333333", "444444444444", "555555555555"]) {
          await expect(page.getByText(account).first()).toBeVisible();
        }
      });

      const wizard = new ShareWizard(page);
      await wizard.toReview();
      await test.step("the review says in a sentence who will be able to do what", async () => {
        const main = page.getByRole("main");
        await expect(main).toContainText(/scoring-lambda.* in account 222222222222 will be able to invoke .*churn-classifier/);
        await expect(main.getByRole("heading", { name: "Checks" })).toBeVisible();
        await expect(main.getByText("sagemaker:InvokeEndpoint").first()).toBeVisible();
      });
      await wizard.apply();
      await wizard.applied();
      await wizard.verify();
      await test.step("what must be denied was shown to be denied", async () => {
        const denied = page.getByRole("region", { name: "Must be denied" }).getByRole("listitem");
        for (const proof of await denied.all()) await expect(proof).toContainText("Shown:");
        expect(await denied.count()).toBeGreaterThanOrEqual(3);
      });

      await page.getByRole("link", { name: "Open in the playground" }).click();
      await expect(page).toHaveURL(/\/playground\?through=/);
      await test.step("the model's sample gives a probability", async () => {
        await page.getByRole("button", { name: "Invoke endpoint" }).click();
        const response = page.getByRole("region", { name: "Response" });
        await expect(response).toContainText("200");
        await expect(response).toContainText(/0\.\d+/);
      });
    });
  });
}
