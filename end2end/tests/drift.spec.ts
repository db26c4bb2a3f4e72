// Drift: what was changed behind a share's back is told, and mended.
import { expect, test } from "../lib/test.ts";
import { ShareWizard } from "../lib/wizard.ts";

const ROLE = "SageMakerExternal";
const OPEN = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: "arn:aws:iam::222222222222:root" }, Action: "sts:AssumeRole" }],
});

for (const [mode, javaScriptEnabled] of [["with JavaScript", true], ["without JavaScript", false]] as const) {
  test.describe(mode, () => {
    test.use({ javaScriptEnabled });

    test("an opened trust policy and a stranger's policy on the role are found, shown and mended", async ({ freshPage: page, fresh }) => {
      const wizard = new ShareWizard(page);
      await wizard.share();
      const parent = await fresh.account("parent");
      const before = await parent.inventory();
      await page.getByRole("group", { name: "Actions" }).getByRole("link", { name: "Go to the share" }).click();
      await page.getByRole("link", { name: "Check for drift" }).click();
      await expect(page.getByText("As it was left")).toBeVisible();

      await parent.iam("UpdateAssumeRolePolicy", { RoleName: ROLE, PolicyDocument: OPEN });
      await parent.iam("CreatePolicy", { PolicyName: "Stranger", PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }] }) });
      await parent.iam("AttachRolePolicy", { RoleName: ROLE, PolicyArn: "arn:aws:iam::111111111111:policy/Stranger" });
      await page.reload();
      await expect(page.getByRole("status").filter({ hasText: "2 changes" })).toBeVisible();
      await page.getByRole("checkbox", { name: "Mend this too" }).check();
      await page.getByRole("button", { name: "Mend the share" }).click();
      // What was ticked is shown before it is done.
      await expect(page.getByRole("status").filter({ hasText: "Nothing was changed yet" })).toBeVisible();
      await expect(page.getByRole("listitem").filter({ hasText: `Detach Stranger from ${ROLE}` })).toBeVisible();
      await page.getByRole("button", { name: "Mend the share" }).click();
      await expect(page).toHaveURL(/\/shares\/[0-9a-f-]+$/);
      await expect(async () => {
        await page.goto(`${page.url().replace(/\/drift$/, "")}/drift`);
        await expect(page.getByText("As it was left")).toBeVisible({ timeout: 1_000 });
      }).toPass({ timeout: 30_000 });
      await parent.iam("DeletePolicy", { PolicyArn: "arn:aws:iam::111111111111:policy/Stranger" });
      expect(await parent.inventory()).toEqual(before);
    });
  });
}
