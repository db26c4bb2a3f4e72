// What happens to the accounts: nothing twice, nothing by surprise, and all of it back.
import { expect, test } from "../lib/test.ts";
import { ShareWizard } from "../lib/wizard.ts";

const OTHERS_TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

test("running it again with the same answers changes nothing and says so", async ({ freshPage: page, fresh }) => {
  const wizard = new ShareWizard(page);
  await wizard.share();
  const [parent, child] = [await fresh.account("parent"), await fresh.account("child")];
  const before = [await parent.inventory(), await child.inventory()];

  await page.getByRole("group", { name: "Actions" }).getByRole("link", { name: "Go to the share" }).click();
  await page.getByRole("button", { name: "Edit share" }).click();
  await wizard.at("endpoints");
  await wizard.button("Choose callers").click();
  await wizard.at("callers");
  await wizard.button("Set up the role").click();
  await wizard.at("role");
  await wizard.button("Set up the child").click();
  await wizard.at("child");
  await wizard.button("Review the share").click();
  await wizard.at("review");
  await expect(page.getByText("Nothing to change: both accounts are as the share wants them.")).toBeVisible();
  await wizard.button("Verify the share").click();
  await wizard.at("verify");
  await wizard.verified();
  expect([await parent.inventory(), await child.inventory()]).toEqual(before);
});

test("undo removes exactly what was made", async ({ freshPage: page, fresh }) => {
  const [parent, child] = [await fresh.account("parent"), await fresh.account("child")];
  const before = [await parent.inventory(), await child.inventory()];
  const wizard = new ShareWizard(page);
  await wizard.share();
  expect(await parent.inventory()).not.toEqual(before[0]);
  expect(await child.inventory()).not.toEqual(before[1]);

  await page.getByRole("group", { name: "Actions" }).getByRole("link", { name: "Go to the share" }).click();
  await page.getByRole("link", { name: "Undo share" }).click();
  await expect(page).toHaveURL(/\/shares\/[^/]+\/undo$/);
  await page.getByRole("button", { name: "Undo share" }).click();
  await expect(page.getByText("Everything the share made is taken back.")).toBeVisible({ timeout: 30_000 });
  expect([await parent.inventory(), await child.inventory()]).toEqual(before);
});

test("a role of that name that the console did not make is left alone until someone chooses", async ({ freshPage: page, fresh }) => {
  const parent = await fresh.account("parent");
  await parent.iam("CreateRole", { RoleName: "SageMakerExternal", AssumeRolePolicyDocument: OTHERS_TRUST });
  const wizard = new ShareWizard(page);
  await wizard.toReview();

  const conflict = page.getByRole("region", { name: "There is already a role SageMakerExternal in the parent account" });
  await expect(conflict).toBeVisible();
  await expect(wizard.button(/^Apply/)).toBeDisabled();
  await conflict.getByRole("button", { name: /^Use .+ instead$/ }).click();
  await expect(conflict).toBeHidden();
  await wizard.apply();
  await wizard.applied();
  await wizard.verify();
  const trust = await parent.iam("GetRole", { RoleName: "SageMakerExternal" });
  expect(decodeURIComponent(trust), "the other's role is as it was").toContain("ec2.amazonaws.com");
});

test("a role that is in the way can be taken over, and undo gives it back", async ({ freshPage: page, fresh }) => {
  const parent = await fresh.account("parent");
  await parent.iam("CreateRole", { RoleName: "SageMakerExternal", AssumeRolePolicyDocument: OTHERS_TRUST });
  const wizard = new ShareWizard(page);
  await wizard.toReview();
  await page.getByRole("button", { name: "Take over SageMakerExternal" }).click();
  await wizard.apply();
  await wizard.applied();
  expect(decodeURIComponent(await parent.iam("GetRole", { RoleName: "SageMakerExternal" }))).toContain("222222222222");

  await wizard.page.getByRole("group", { name: "Actions" }).getByRole("link", { name: "Go to the share" }).click();
  await page.getByRole("link", { name: "Undo share" }).click();
  await page.getByRole("button", { name: "Undo share" }).click();
  await expect(page.getByText("Everything the share made is taken back.")).toBeVisible({ timeout: 30_000 });
  const role = decodeURIComponent(await parent.iam("GetRole", { RoleName: "SageMakerExternal" }));
  expect(role).toContain("ec2.amazonaws.com");
  expect(role).not.toContain("222222222222");
});
