// The test function: the story of a Lambda that is denied, explained, let in, answers, and is gone again.
import { expect, test } from "../lib/test.ts";
import { ShareWizard } from "../lib/wizard.ts";

for (const [mode, javaScriptEnabled] of [["with JavaScript", true], ["without JavaScript", false]] as const) {
  test.describe(mode, () => {
    test.use({ javaScriptEnabled });

    test("it is made, denied, explained, let in, answers, and is deleted", async ({ freshPage: page, fresh }) => {
      test.setTimeout(180_000);
      const wizard = new ShareWizard(page);
      await wizard.share();
      const child = await fresh.account("child");
      const parent = await fresh.account("parent");
      const before = [await child.inventory(), await parent.inventory()];
      await page.getByRole("group", { name: "Actions" }).getByRole("link", { name: "Go to the share" }).click();
      await page.getByRole("link", { name: "Test function" }).click();
      await expect(page.getByRole("heading", { level: 1, name: "Test function" })).toBeVisible();
      const address = page.url();

      // What would be made, where, and what it runs.
      await expect(page.getByText("so that the first run is denied")).toBeVisible();
      const making = page.getByRole("listitem").filter({ hasText: "Create function" });
      await expect(making).toContainText("222222222222");
      await page.getByText("handler.py").click();
      const handler = page.getByLabel("Handler", { exact: true });
      await expect(handler).toContainText("arn:aws:iam::111111111111:role/SageMakerExternal");
      const download = page.waitForEvent("download");
      await page.getByRole("link", { name: "Download the handler" }).click();
      expect((await download).suggestedFilename()).toBe("handler.py");

      await page.getByRole("button", { name: "Make test function" }).click();
      // Without JavaScript progress comes by reloading.
      const run = page.getByRole("button", { name: "Run function", exact: true });
      await expect(async () => {
        if (!javaScriptEnabled) await page.goto(address);
        await expect(run).toBeVisible({ timeout: 1_000 });
      }).toPass({ timeout: 60_000 });

      // The first run: AWS's own words, and why.
      await expect(page.getByRole("textbox", { name: "Body" })).not.toHaveValue("");
      await run.click();
      const result = page.getByRole("region", { name: "Result" });
      await expect(result).toContainText("(AccessDenied) when calling the AssumeRole operation", { timeout: 60_000 });
      await expect(result).toContainText("Smallest change");
      await expect(result.getByLabel("End of the log")).toContainText("REPORT RequestId");
      await result.getByRole("link", { name: "Open this call in the doctor" }).click();
      await expect(page).toHaveURL(/\/doctor\?caller=/);
      const handshake = page.getByRole("region", { name: "Handshake" });
      const link = (name: string) => handshake.getByRole("listitem").filter({ hasText: name });
      await expect(link("Permission to assume")).toContainText("Denied");
      await page.getByText("Ask about another call").click();
      await expect(page.getByRole("textbox", { name: "Caller" })).toHaveValue(/assumed-role\/sagebridge-test-role-/);
      await expect(page.getByRole("textbox", { name: "Role" })).toHaveValue("arn:aws:iam::111111111111:role/SageMakerExternal");

      // Let in: it is a caller of the share from here on.
      await page.goto(address);
      const letIn = page.getByRole("button", { name: "Let the function call" });
      await letIn.click();
      await expect(async () => {
        if (!javaScriptEnabled) await page.goto(address);
        await expect(page.getByText("may assume the role", { exact: false }).first()).toBeVisible({ timeout: 1_000 });
        await expect(letIn).toHaveCount(0, { timeout: 1_000 });
        await expect(run).toBeVisible({ timeout: 1_000 });
      }).toPass({ timeout: 60_000 });
      await run.click();
      await expect(result.getByLabel("Prediction")).toHaveText(/^0\.\d+\s*$/, { timeout: 60_000 });
      await expect(result.getByLabel("End of the log")).toContainText("REPORT RequestId");

      // Gone again, with its role, and the share as it was.
      await page.getByText("Delete the test function").click();
      await expect(page.getByRole("listitem").filter({ hasText: "CloudWatch Logs keeps it" })).toBeVisible();
      await page.getByRole("button", { name: "Delete test function" }).click();
      await expect(async () => {
        if (!javaScriptEnabled) await page.goto(address);
        await expect(page.getByRole("status").filter({ hasText: "is gone" })).toBeVisible({ timeout: 1_000 });
      }).toPass({ timeout: 60_000 });
      expect([await child.inventory(), await parent.inventory()]).toEqual(before);
    });
  });
}

test("a name that is none, and a role that is there, are told and chosen in the address", async ({ freshPage: page }) => {
  const wizard = new ShareWizard(page);
  await wizard.share();
  const share = await page.getByRole("group", { name: "Actions" }).getByRole("link", { name: "Go to the share" }).getAttribute("href");
  await page.goto(`${share}/function`);
  await page.getByText("Choose another name or role").click();
  await page.getByRole("textbox", { name: "Function" }).fill("no name");
  await page.getByRole("button", { name: "Show what will be made" }).click();
  await expect(page.getByRole("textbox", { name: "Function" })).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByRole("textbox", { name: "Function" })).toHaveValue("no name");
  await expect(page.getByRole("button", { name: "Make test function" })).toHaveCount(0);

  await page.getByRole("textbox", { name: "Function" }).fill("nightly-test");
  await page.getByRole("radio", { name: /^A role that is there/ }).check();
  await page.getByRole("combobox", { name: "Existing role" }).selectOption({ label: "scoring-lambda" });
  await page.getByRole("button", { name: "Show what will be made" }).click();
  await expect(page.getByText("which the share lets call already")).toBeVisible();
  await page.getByRole("button", { name: "Make test function" }).click();
  await expect(page.getByRole("button", { name: "Run function", exact: true })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText("nightly-test runs as scoring-lambda")).toBeVisible();
});

test("a denial in the playground leads to the doctor with the call filled in", async ({ freshPage: page, fresh }) => {
  const wizard = new ShareWizard(page);
  await wizard.share();
  const parent = await fresh.account("parent");
  await parent.iam("DetachRolePolicy", {
    RoleName: "SageMakerExternal",
    PolicyArn: "arn:aws:iam::111111111111:policy/SageMakerExternalInvokeEndpoint",
  });
  await page.getByRole("link", { name: "Open in the playground" }).click();
  await page.getByRole("button", { name: "Invoke endpoint" }).click();
  const response = page.getByRole("region", { name: "Response" });
  await response.getByRole("link", { name: "Open this call in the doctor" }).click();
  await expect(page).toHaveURL(/\/doctor\?caller=.*role=.*endpoint=.*external_id=/);
  const handshake = page.getByRole("region", { name: "Handshake" });
  await expect(handshake.getByRole("listitem").filter({ hasText: "Role's permission" })).toContainText("Denied");
});
