// History: calls are listed as they ended, found again, looked at, and made anew.
import { expect, test } from "../lib/test.ts";
import { ShareWizard } from "../lib/wizard.ts";

for (const [mode, javaScriptEnabled] of [["with JavaScript", true], ["without JavaScript", false]] as const) {
  test.describe(mode, () => {
    test.use({ javaScriptEnabled });

    test("a call is found, shows what was kept, and opens as a new request", async ({ freshPage: page }) => {
      test.setTimeout(180_000);
      await page.goto("/history");
      await expect(page.getByRole("heading", { name: "No call yet" })).toBeVisible();
      await new ShareWizard(page).share();

      const invoke = async (body: string, kind: string, answer: string) => {
        await page.goto("/playground");
        await page.getByRole("combobox", { name: "Content type" }).fill(kind);
        await page.getByRole("textbox", { name: "Body" }).fill(body);
        await page.getByRole("button", { name: "Invoke endpoint" }).click();
        await expect(page.getByRole("region", { name: "Response" })).toContainText(answer);
      };
      await invoke("5,0,0,265.1", "application/xml", "424");

      // Bodies are kept only once someone says so, and what that means is said there.
      await page.goto("/history");
      await page.getByRole("link", { name: "What is kept", exact: true }).click();
      const keep = page.getByRole("checkbox", { name: "Keep bodies, too" });
      await expect(keep).not.toBeChecked();
      await expect(keep).toHaveAccessibleDescription(/everybody who signs in here can read it/);
      await keep.check();
      await page.getByRole("button", { name: "Save settings" }).click();
      await expect(page.getByRole("status").filter({ hasText: "What is kept was changed" })).toBeVisible();
      await expect(page.getByRole("checkbox", { name: "Keep bodies, too" })).toBeChecked();
      await invoke("<b>not markup</b>", "application/xml", "424");

      await page.goto("/history");
      const calls = page.getByRole("region", { name: "Calls" }).getByRole("row");
      await expect(calls).toHaveCount(3);
      await expect(calls.nth(1)).toContainText("Refused (4xx)");
      await expect(calls.nth(1)).toContainText("ModelError");
      await page.getByRole("combobox", { name: "Result" }).selectOption("Answered");
      await page.getByRole("button", { name: "Search calls" }).click();
      await expect(page.getByRole("heading", { name: "No call was found" })).toBeVisible();
      await page.getByRole("link", { name: "Show all calls" }).click();
      await page.getByRole("searchbox", { name: "Search" }).fill("CHURN");
      await page.getByRole("button", { name: "Search calls" }).click();
      await expect(page).toHaveURL(/text=CHURN/);
      await expect(calls).toHaveCount(3);

      await calls.nth(2).getByRole("link").click();
      await expect(page.getByText("Its body was not kept")).toBeVisible();
      await page.goBack();
      await calls.nth(1).getByRole("link").click();
      await expect(page.getByRole("heading", { level: 1, name: /^Call to churn-classifier/i })).toBeVisible();
      await expect(page.getByText("<b>not markup</b>")).toBeVisible();
      await page.getByRole("link", { name: "Open as a new request" }).click();
      // The form's field; with a script an editor stands over it.
      await expect(page.locator("#field-body")).toHaveValue("<b>not markup</b>");
      await expect(page.getByRole("combobox", { name: "Content type" })).toHaveValue("application/xml");

      await page.goto("/history");
      await calls.nth(1).getByRole("link").click();
      await page.getByText("Delete this call…").click();
      await page.getByRole("button", { name: "Delete this call" }).click();
      await expect(page).toHaveURL(/\/history$/);
      await expect(calls).toHaveCount(2);
    });
  });
}
