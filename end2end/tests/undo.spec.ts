// Undo with a dry run: what others built on a share is told, cleared with consent, and left alone without.
import { expect, test } from "../lib/test.ts";
import { ShareWizard } from "../lib/wizard.ts";

const ROLE = "SageMakerExternal";
const GRANT = "arn:aws:iam::222222222222:policy/AllowAssumeSagemakerExternalRole";
const READ = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }] });

for (const [mode, javaScriptEnabled] of [["with JavaScript", true], ["without JavaScript", false]] as const) {
  test.describe(mode, () => {
    test.use({ javaScriptEnabled });

    test("what others did is in the way until the person consents, or takes it away by hand", async ({ freshPage: page, fresh }) => {
      test.setTimeout(120_000);
      const child = await fresh.account("child");
      const parent = await fresh.account("parent");
      const before = [await child.inventory(), await parent.inventory()];
      const wizard = new ShareWizard(page);
      await wizard.share();
      const share = await page.getByRole("link", { name: "Go to the share" }).getAttribute("href");
      await parent.iam("PutRolePolicy", { RoleName: ROLE, PolicyName: "Extra", PolicyDocument: READ });
      await child.iam("PutUserPermissionsBoundary", { UserName: "analyst", PermissionsBoundary: GRANT });
      await child.iam("CreateGroup", { GroupName: "data" });
      await child.iam("AttachGroupPolicy", { GroupName: "data", PolicyArn: GRANT });

      await page.goto(`${share}/undo`);
      const step = (name: string) => page.getByRole("listitem").filter({ hasText: name });
      await expect(step(`Delete role ${ROLE}`)).toContainText("IAM deletes no role that has policies");
      await expect(page.getByText("is the permissions boundary of user analyst")).toBeVisible();
      await expect(page.getByText("is attached to group data")).toBeVisible();
      await expect(page.getByRole("button", { name: "Undo share" })).toHaveCount(0);

      await page.getByRole("checkbox", { name: /^Inline policy Extra is on SageMakerExternal/ }).check();
      await page.getByRole("button", { name: "Show the steps with this consent" }).click();
      await expect(page).toHaveURL(/consent=inline/);
      await expect(step("Delete policy Extra of role")).toBeVisible();
      await expect(step(`Delete role ${ROLE}`)).not.toContainText("IAM deletes no role");
      // What the console does not clear is still in the way.
      await expect(page.getByRole("button", { name: "Undo share" })).toHaveCount(0);

      await child.iam("DeleteUserPermissionsBoundary", { UserName: "analyst" });
      await child.iam("DetachGroupPolicy", { GroupName: "data", PolicyArn: GRANT });
      await child.iam("DeleteGroup", { GroupName: "data" });
      await page.reload();
      await page.getByRole("button", { name: "Undo share" }).click();
      await expect(page).toHaveURL(/\/shares\/[0-9a-f-]+$/);
      await expect(async () => {
        if (!javaScriptEnabled) await page.reload();
        await expect(page.getByText("Everything the share made is taken back.").first()).toBeVisible({ timeout: 1_000 });
      }).toPass({ timeout: 30_000 });
      expect([await child.inventory(), await parent.inventory()]).toEqual(before);
    });
  });
}

test("a plan that changed while it was looked at is not executed, and is shown again", async ({ freshPage: page, fresh, trouble }) => {
  trouble.allow(/409/);
  const wizard = new ShareWizard(page);
  await wizard.share();
  const share = await page.getByRole("link", { name: "Go to the share" }).getAttribute("href");
  await page.goto(`${share}/undo`);
  const child = await fresh.account("child");
  await child.iam("DetachRolePolicy", { RoleName: "scoring-lambda", PolicyArn: GRANT });
  await page.getByRole("button", { name: "Undo share" }).click();
  await expect(page.getByRole("alert")).toContainText("has changed since it was shown");
  await page.reload();
  await expect(page.getByRole("listitem").filter({ hasText: "Detach AllowAssumeSagemakerExternalRole from scoring-lambda" })).toHaveCount(0);
  await page.getByRole("button", { name: "Undo share" }).click();
  await expect(page.getByText("Everything the share made is taken back.").first()).toBeVisible({ timeout: 30_000 });
});
