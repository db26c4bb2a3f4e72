// The playground's form: what it brings, what it keeps, and what it does for whoever typed something wrong.
import { bodyText, RequestPane } from "../lib/request.ts";
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

test("what was typed is there again after a reload, after going back, and on the way through the other pages", async ({ freshPage: page }) => {
  const request = new RequestPane(page);
  await request.open("echo");
  await request.editor();
  await request.kind("Text");
  await request.body.fill("a draft");
  const attributes = await request.option("Custom attributes");
  await attributes.fill("parts=3");
  const there = async () => {
    await expect(request.text).toHaveValue("a draft");
    await expect(await request.option("Custom attributes")).toHaveValue("parts=3");
    await expect(page).toHaveURL(/endpoint=echo/);
  };
  await page.reload();
  await request.editor();
  await there();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Accounts" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Accounts" })).toBeVisible();
  await page.goBack();
  await there();
  await page.getByRole("navigation", { name: "Playground" }).getByRole("link", { name: "History" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "History" })).toBeVisible();
  await page.getByRole("navigation", { name: "Playground" }).getByRole("link", { name: "Request" }).click();
  await there();
  // An address that is opened begins anew.
  await request.open("echo");
  await request.editor();
  await expect(request.text).toHaveValue(/sagemaker/);
});

test("without a share the first connection that sees endpoints offers them, and a name it doesn't know is told", async ({ freshPage: page }) => {
  await page.goto("/playground");
  const endpoint = page.getByRole("combobox", { name: "Endpoint" });
  await expect(page.getByRole("combobox", { name: "Through" })).toHaveValue("direct/eu-west-1/parent");
  await expect(endpoint).not.toHaveValue("");
  await page.goto(`/playground?through=${encodeURIComponent("direct/eu-west-1/parent")}&endpoint=churn`);
  await expect(page.getByText("This connection sees no endpoint churn")).toBeVisible();
  await page.getByRole("link", { name: "churn-async" }).click();
  await expect(page).toHaveURL(/endpoint=churn-async/);
  await expect(page.getByText("This connection sees no endpoint")).toHaveCount(0);
  await page.goto(`/playground?through=${encodeURIComponent("direct/eu-west-1/parent")}&endpoint=nope%20bad!`);
  await expect(endpoint).toHaveAccessibleDescription(/is not an endpoint name/);
  await expect(page.getByText("InService")).toHaveCount(0);
});
