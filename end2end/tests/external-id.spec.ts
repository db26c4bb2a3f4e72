// The external ID is changed while callers go on: begun, shown, ended, with and without JavaScript.
import { findings } from "../lib/axe.ts";
import { expect, test } from "../lib/test.ts";
import { ShareWizard } from "../lib/wizard.ts";

for (const [mode, javaScriptEnabled] of [["with JavaScript", true], ["without JavaScript", false]] as const) {
  test.describe(mode, () => {
    test.use({ javaScriptEnabled });

    test("both external IDs are accepted until the change is ended", async ({ freshPage: page, fresh }) => {
      test.setTimeout(180_000);
      const wizard = new ShareWizard(page);
      await wizard.share();
      const parent = await fresh.account("parent");
      const trust = async () => decodeURIComponent(await parent.iam("GetRole", { RoleName: "SageMakerExternal" }));
      await page.getByRole("group", { name: "Actions" }).getByRole("link", { name: "Go to the share" }).click();
      await expect(page).toHaveURL(/\/shares\/[0-9a-f-]+$/);
      const share = page.url();
      const applied = async () => {
        // Only once the console has taken the change: before that the share stands as it did.
        await expect(page).toHaveURL(share);
        await expect(async () => {
          await page.goto(share);
          await expect(page.getByText("Not verified").first()).toBeVisible({ timeout: 1_000 });
        }).toPass({ timeout: 30_000 });
      };

      await page.getByRole("link", { name: "Change the external ID" }).click();
      const field = page.getByRole("textbox", { name: "New external ID" });
      await expect(field).toHaveValue(/^sagebridge-/);
      await field.fill("x");
      await page.getByRole("button", { name: "Review the change" }).click();
      await expect(field).toHaveValue("x");
      await expect(page.locator(".field-problem")).toContainText("x");
      await field.fill("second-id");
      await page.getByRole("button", { name: "Review the change" }).click();
      await expect(page.getByText("second-id will be accepted beside")).toBeVisible();
      await page.getByRole("button", { name: "Apply 1 change" }).click();
      await applied();
      expect(await trust()).toContain("second-id");
      await expect(page.getByText("accepted too, since")).toBeVisible();

      await page.getByRole("link", { name: "Change the external ID" }).click();
      await expect(page.getByText("This console sends the new one already.")).toBeVisible();
      if (javaScriptEnabled) expect(await findings(page)).toEqual([]);
      await page.getByRole("button", { name: "End the change" }).click();
      await expect(page.getByText("Only second-id will be accepted")).toBeVisible();
      await page.getByRole("button", { name: "Apply 1 change" }).click();
      await applied();
      await expect(page.getByText("accepted too, since")).toHaveCount(0);
      expect(await trust()).not.toContain("sagebridge-");
    });
  });
}
