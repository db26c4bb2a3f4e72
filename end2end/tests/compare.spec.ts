// The same request to two targets: side by side, with what differs.
import { findings } from "../lib/axe.ts";
import { expect, test } from "../lib/test.ts";

const ROW = "5,0,0,268.4,121,74.9,201.3,4,13.2";

for (const [mode, javaScriptEnabled] of [["with JavaScript", true], ["without JavaScript", false]] as const) {
  test.describe(mode, () => {
    test.use({ javaScriptEnabled });

    test("two variants answer the same row side by side", async ({ freshPage: page }) => {
      await page.goto("/playground/compare");
      const [first, second] = [page.getByRole("group", { name: "First target" }), page.getByRole("group", { name: "Second target" })];
      for (const [target, variant] of [[first, "Champion"], [second, "Challenger"]] as const) {
        await target.getByRole("combobox", { name: "Through" }).selectOption("direct/eu-west-1/parent");
        await target.getByLabel("Endpoint", { exact: true }).fill("churn-ab");
        const narrow = target.getByLabel("Variant", { exact: true });
        if (!(await narrow.isVisible())) await target.getByText("Who in the endpoint answers").click();
        await narrow.fill(variant);
      }
      await page.getByLabel("Content type", { exact: true }).fill("");
      await page.getByLabel("Body", { exact: true }).fill(ROW);
      await page.getByRole("button", { name: "Invoke both" }).click();
      // What is wrong is told at its field, and nothing typed is lost.
      await expect(page.getByText("The content type is missing")).toBeVisible();
      await expect(second.getByLabel("Variant", { exact: true })).toHaveValue("Challenger");
      await page.getByLabel("Content type", { exact: true }).fill("text/csv");
      await page.getByRole("button", { name: "Invoke both" }).click();
      const side = (name: string) => page.getByRole("region", { name, exact: true });
      await expect(side("First: churn-ab · variant Champion")).toContainText("Champion");
      await expect(side("Second: churn-ab · variant Challenger")).toContainText("Challenger");
      await expect(page.getByText("1 number differs.")).toBeVisible();
      await expect(side("Places that differ")).toContainText("row 1, column 1");
      await expect(side("Places that differ")).toContainText("%");
      await expect(side("Times").getByRole("row")).toHaveCount(5);
      if (javaScriptEnabled) expect(await findings(page)).toEqual([]);
    });

    test("JSON is compared by its places", async ({ freshPage: page }) => {
      await page.goto("/playground/compare");
      for (const [name, endpoint] of [["First target", "echo"], ["Second target", "assistant"]] as const) {
        const target = page.getByRole("group", { name });
        await target.getByRole("combobox", { name: "Through" }).selectOption("direct/eu-west-1/parent");
        await target.getByLabel("Endpoint", { exact: true }).fill(endpoint);
      }
      await page.getByLabel("Content type", { exact: true }).fill("application/json");
      await page.getByLabel("Body", { exact: true }).fill('{"messages": [{"role": "user", "content": "hello"}]}');
      await page.getByRole("button", { name: "Invoke both" }).click();
      await expect(page.getByText(/^1 place is only in the first, \d+ places are only in the second\.$/)).toBeVisible();
      await expect(page.getByRole("row", { name: /\$\.messages/ })).toContainText("not there");
    });

    test("a request goes on from the playground, and one side's failure leaves the other its answer", async ({ freshPage: page }) => {
      await page.goto("/playground?through=direct/eu-west-1/parent&endpoint=echo");
      await page.getByRole("button", { name: "Compare…" }).click();
      await expect(page.getByRole("heading", { level: 1, name: "Compare" })).toBeVisible();
      const second = page.getByRole("group", { name: "Second target" });
      await expect(second.getByLabel("Endpoint", { exact: true })).toHaveValue("echo");
      await second.getByLabel("Endpoint", { exact: true }).fill("no-such-endpoint");
      await page.getByLabel("Body", { exact: true }).fill(ROW);
      await page.getByRole("button", { name: "Invoke both" }).click();
      await expect(page.getByText("There is nothing to compare: not both of them answered.")).toBeVisible();
      await expect(page.getByRole("region", { name: "First: echo" })).toContainText("268.4");
      await expect(page.getByRole("region", { name: "Second: no-such-endpoint" }).getByRole("alert")).toBeVisible();
      if (javaScriptEnabled) expect(await findings(page)).toEqual([]);
    });

    test("a request goes on to a load check", async ({ freshPage: page }) => {
      await page.goto("/playground?through=direct/eu-west-1/parent&endpoint=echo");
      await page.getByRole("button", { name: "Load check…" }).click();
      await expect(page.getByRole("heading", { level: 1, name: "Load check" })).toBeVisible();
      await expect(page.getByLabel("Endpoint", { exact: true })).toHaveValue("echo");
      await expect(page.getByLabel("Body", { exact: true })).not.toHaveValue("");
    });
  });
}
