// Shares are found in the accounts: by their tags, and by their shape.
import { findings } from "../lib/axe.ts";
import { expect, test } from "../lib/test.ts";

const LAMBDA = "arn:aws:iam::222222222222:role/scoring-lambda";
const document = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });

for (const [mode, javaScriptEnabled] of [["with JavaScript", true], ["without JavaScript", false]] as const) {
  test.describe(mode, () => {
    test.use({ javaScriptEnabled });

    test("a role made by hand is found, adopted through the review, and told apart from what is no share", async ({ freshPage: page, fresh }) => {
      test.setTimeout(120_000);
      const parent = await fresh.account("parent");
      const trust = document({ Effect: "Allow", Principal: { AWS: LAMBDA }, Action: "sts:AssumeRole" });
      const invoke = document({ Effect: "Allow", Action: "sagemaker:InvokeEndpoint", Resource: "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/echo" });
      await parent.iam("CreateRole", { RoleName: "Scoring", AssumeRolePolicyDocument: trust });
      await parent.iam("CreatePolicy", { PolicyName: "ScoringInvoke", PolicyDocument: invoke });
      await parent.iam("AttachRolePolicy", { RoleName: "Scoring", PolicyArn: "arn:aws:iam::111111111111:policy/ScoringInvoke" });
      await parent.iam("CreateRole", { RoleName: "Nothing", AssumeRolePolicyDocument: trust });

      await page.goto("/shares");
      await page.getByRole("link", { name: "Find shares in your accounts" }).click();
      await page.getByRole("button", { name: "Search accounts" }).click();
      await expect(page.getByRole("status").filter({ hasText: "No share that this console doesn't know, and one role that could become one." })).toBeVisible();
      await expect(page.getByText("One other role lets another account in")).toBeVisible();
      if (javaScriptEnabled) expect(await findings(page)).toEqual([]);
      await page.getByRole("button", { name: "Review adopting Scoring" }).click();
      await expect(page).toHaveURL(/\/review$/);
      await page.getByRole("button", { name: /^Apply \d+ changes?$/ }).click();
      await expect(page.getByText(/^(All \d+ steps are|The one step is) done\.$/)).toBeVisible({ timeout: 30_000 });
      await page.goto("/shares");
      await expect(page.getByRole("link", { name: "Scoring" })).toBeVisible();
    });
  });
}
