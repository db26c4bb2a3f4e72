// The doctor: from an error message to the statement, the repair and the proof, with and without JavaScript.
import { expect, test } from "../lib/test.ts";
import { ShareWizard } from "../lib/wizard.ts";

const ROLE = "SageMakerExternal";
const POLICY = "arn:aws:iam::111111111111:policy/SageMakerExternalInvokeEndpoint";
const DENIED =
  "[ERROR] ClientError: An error occurred (AccessDeniedException) when calling the InvokeEndpoint operation: " +
  `User: arn:aws:sts::111111111111:assumed-role/${ROLE}/fn is not authorized to perform: sagemaker:InvokeEndpoint ` +
  "on resource: arn:aws:sagemaker:eu-west-1:111111111111:endpoint/echo because no identity-based policy allows the " +
  "sagemaker:InvokeEndpoint action\nTraceback (most recent call last):";

for (const [mode, javaScriptEnabled] of [["with JavaScript", true], ["without JavaScript", false]] as const) {
  test.describe(mode, () => {
    test.use({ javaScriptEnabled });

    test("a pasted message leads to the link that broke, its repair and the proof", async ({ freshPage: page, fresh }) => {
      const wizard = new ShareWizard(page);
      await wizard.share();
      const parent = await fresh.account("parent");
      await parent.iam("DetachRolePolicy", { RoleName: ROLE, PolicyArn: POLICY });

      await page.goto("/doctor");
      await page.getByRole("textbox", { name: "Error message" }).fill(DENIED);
      await page.getByRole("button", { name: "Read message" }).click();
      await expect(page).toHaveURL(/\/doctor\?caller=/);

      await expect(page.getByRole("region", { name: "The message" })).toContainText("AWS says that no identity-based policy allows it.");
      const handshake = page.getByRole("region", { name: "Handshake" });
      const link = (name: string) => handshake.getByRole("listitem").filter({ hasText: name });
      await expect(link("Role's permission")).toContainText("Denied");
      await expect(link("Trust policy")).toContainText("Allowed on paper");
      await expect(page.getByRole("heading", { name: "What to change" })).toBeVisible();
      await page.getByRole("button", { name: "Repair with 1 change" }).click();
      // Without JavaScript progress comes by reloading.
      await expect(async () => {
        if (!javaScriptEnabled) await page.reload();
        await expect(page.getByRole("status").filter({ hasText: "The one step is done." })).toBeVisible({ timeout: 1_000 });
      }).toPass({ timeout: 30_000 });
      await page.getByRole("link", { name: "Diagnose again" }).click();
      await expect(link("Role's permission")).toContainText("Allowed on paper");

      // The console can prove it as itself only.
      await expect(page.getByText("this console is not `scoring-lambda`").or(page.getByText("This console is not"))).toBeVisible();
      await page.getByText("Ask about another call").click();
      await page.getByRole("textbox", { name: "Caller" }).fill("arn:aws:iam::222222222222:user/admin");
      await page.getByRole("button", { name: "Diagnose call" }).click();
      await page.getByRole("button", { name: "Make the calls" }).click();
      await expect(link("Role's permission")).toContainText("Proven", { timeout: 30_000 });
      await expect(link("Permission to assume")).toContainText("Proven");
    });
  });
}

test("a denial the documents don't explain is no clean bill of health, and points at what the caller sent", async ({ freshPage: page }) => {
  await new ShareWizard(page).share();
  await page.goto("/doctor");
  const denied =
    "An error occurred (AccessDenied) when calling the AssumeRole operation: User: arn:aws:sts::222222222222:assumed-role/scoring-lambda/fn " +
    `is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111111111111:role/${ROLE}`;
  await page.getByRole("textbox", { name: "Error message" }).fill(denied);
  await page.getByRole("button", { name: "Read message" }).click();
  await expect(page.getByRole("region", { name: "Handshake" }).getByRole("listitem").filter({ hasText: "Trust policy" })).toContainText("denied by AWS");
  await expect(page.getByText("The caller may have sent another external ID").first()).toBeVisible();
});

test("a message that names nobody is kept, with what it means and what it leaves out", async ({ freshPage: page }) => {
  await page.goto("/doctor");
  await page.getByRole("textbox", { name: "Error message" }).fill("botocore.exceptions.NoRegionError: You must specify a region.");
  await page.getByRole("button", { name: "Read message" }).click();
  const message = page.getByRole("region", { name: "The message" });
  await expect(message).toContainText("You must specify a region");
  await expect(message).toContainText("Name the endpoint's region when the client is made.");
  await expect(page.getByText("The message does not say who called")).toBeVisible();
});

test("what was typed wrong is said at its field, and a text that is no message is refused in words", async ({ freshPage: page, trouble }) => {
  trouble.allow(/422/);
  await page.goto("/doctor");
  await page.getByRole("textbox", { name: "Error message" }).fill("it does not work");
  await page.getByRole("button", { name: "Read message" }).click();
  await expect(page.getByRole("alert")).toContainText("no error message that says who was denied what");
  await expect(page.getByRole("textbox", { name: "Error message" })).toHaveValue("it does not work");

  await page.getByRole("textbox", { name: "Caller" }).fill("scoring-lambda");
  await page.getByRole("textbox", { name: "Role" }).fill(`arn:aws:iam::111111111111:role/${ROLE}`);
  await page.getByRole("textbox", { name: "Endpoint" }).fill("echo");
  await page.getByRole("button", { name: "Diagnose call" }).click();
  await expect(page.getByRole("textbox", { name: "Caller" })).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByRole("textbox", { name: "Caller" })).toHaveValue("scoring-lambda");
  await expect(page.getByRole("textbox", { name: "Region" })).toHaveAttribute("aria-invalid", "true");
});

test.describe("without JavaScript, a text that is no message", () => {
  test.use({ javaScriptEnabled: false });

  test("is refused in words and stays to be corrected", async ({ freshPage: page }) => {
    await page.goto("/doctor");
    const field = page.getByRole("textbox", { name: "Error message" });
    await field.fill("it does not work\nat all");
    await page.getByRole("button", { name: "Read message" }).click();
    await expect(page.getByText("no error message that says who was denied what")).toBeVisible();
    await expect(field).toHaveAttribute("aria-invalid", "true");
    await expect(field).toHaveValue("it does not work\nat all");

    await field.fill(DENIED);
    await page.getByRole("button", { name: "Read message" }).click();
    await expect(page.getByRole("region", { name: "The message" })).toContainText("AWS says that no identity-based policy allows it.");
  });
});

test("a denial of something else is said to be out of scope, and nothing is asked about it", async ({ freshPage: page }) => {
  await page.goto("/doctor");
  await page.getByRole("textbox", { name: "Error message" }).fill("An error occurred (AccessDenied) when calling the GetObject operation: Access Denied");
  await page.getByRole("button", { name: "Read message" }).click();
  await expect(page.getByRole("region", { name: "The message" })).toContainText("GetObject is no part of calling a shared endpoint");
  await expect(page.getByText("The message does not say")).toHaveCount(0);
});
