// The playground's form: what it brings, what it keeps, and what it does for whoever typed something wrong.
import { bodyText } from "../lib/request.ts";
import { expect, test } from "../lib/test.ts";
import { ShareWizard } from "../lib/wizard.ts";

test("another endpoint brings its sample, what was typed is kept, and the sample comes back when asked", async ({ freshPage: page }) => {
  const wizard = new ShareWizard(page);
  await wizard.toReview();
  await wizard.apply();
  await wizard.applied();
  await page.goto("/playground");
  const endpoint = page.getByRole("combobox", { name: "Endpoint" });
  const kind = page.getByRole("combobox", { name: "Content type" });
  const body = page.getByRole("textbox", { name: "Body" });
  const text = bodyText(page);
  const sample = page.getByRole("button", { name: "Use sample" });
  for (const [name, type, sent] of [["churn-classifier", "text/csv", /^5,0,0/], ["echo", "application/json", /sagemaker/]] as const) {
    await endpoint.selectOption(name);
    await expect(kind).toHaveValue(type);
    await expect(text).toHaveValue(sent);
    await expect(sample).toBeHidden();
  }
  await body.fill("my own");
  await endpoint.selectOption("churn-classifier");
  await expect(page).toHaveURL(/endpoint=churn-classifier/);
  await expect(text).toHaveValue("my own");
  await sample.click();
  await expect(text).toHaveValue(/^5,0,0/);
  await expect(kind).toHaveValue("text/csv");

  // The model names what it takes: one click sends it again as that.
  await kind.fill("application/xml");
  await page.getByRole("button", { name: "Invoke endpoint" }).click();
  const response = page.getByRole("region", { name: "Response" });
  await expect(response).toContainText("424");
  await response.getByRole("button", { name: "Invoke again as text/csv" }).click();
  await expect(response).toContainText("200");
  await expect(kind).toHaveValue("text/csv");

  await text.evaluate((area: HTMLTextAreaElement) => {
    area.value = `${"1".repeat(99_999)}\n`.repeat(66);
    area.dispatchEvent(new InputEvent("input", { bubbles: true }));
  });
  await expect(body).toHaveAccessibleDescription(/more than InvokeEndpoint takes/);
  await expect(page.getByText("66 lines")).toBeVisible();
  await expect(page.getByRole("button", { name: "Invoke endpoint" })).toBeDisabled();
});
