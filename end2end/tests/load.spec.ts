// A short load check: what it will do is said before it does it.
import { findings } from "../lib/axe.ts";
import { expect, test } from "../lib/test.ts";

for (const [mode, javaScriptEnabled] of [["with JavaScript", true], ["without JavaScript", false]] as const) {
  test.describe(mode, () => {
    test.use({ javaScriptEnabled });

    test("a load check is reviewed, made and compared with an earlier one", async ({ freshPage: page }) => {
      for (const round of [1, 2]) {
        await page.goto("/playground/load");
        await page.getByRole("combobox", { name: "Through" }).selectOption("direct/eu-west-1/parent");
        await page.getByLabel("Endpoint", { exact: true }).fill("echo");
        await page.getByRole("textbox", { name: "Body" }).fill("1,2,3");
        await page.getByRole("textbox", { name: "Calls, at most" }).fill(round === 1 ? "none" : "20");
        await page.getByRole("button", { name: "Review load check" }).click();
        if (round === 1) {
          await expect(page.getByText("is not a whole number from 1 to 10,000")).toBeVisible();
          await page.getByRole("textbox", { name: "Calls, at most" }).fill("20");
          await page.getByRole("button", { name: "Review load check" }).click();
        }
        await expect(page.getByText(/^This makes at most 20 calls to echo within 20 s/)).toBeVisible();
        await expect(page.getByText("eu-west-1, directly")).toBeVisible();
        if (javaScriptEnabled) expect(await findings(page)).toEqual([]);
        await page.getByRole("button", { name: "Start load check" }).click();
        await expect(page.getByText(/^20 calls, 4 at once: half of the answers took at most .*, none failed\.$/)).toBeVisible({ timeout: 30_000 });
      }
      const spread = page.getByRole("region", { name: "How answers spread" });
      await expect(spread.getByRole("row").nth(1)).toContainText(/\d–\d.* m?s/);
      const earlier = page.getByRole("region", { name: "Earlier checks" });
      await expect(earlier.getByRole("row")).toHaveCount(3);
      await expect(earlier).toContainText("×");
      await page.getByText("Second by second").click();
      await expect(page.getByRole("region", { name: "Second by second" })).toBeVisible();
      if (javaScriptEnabled) expect(await findings(page)).toEqual([]);

      await page.getByText("Delete this load check…").click();
      await page.getByRole("button", { name: "Delete load check" }).click();
      await expect(page).toHaveURL(/\/playground\/load$/);
      await expect(page.getByRole("region", { name: "Load checks" }).getByRole("row")).toHaveCount(2);
    });
  });
}
