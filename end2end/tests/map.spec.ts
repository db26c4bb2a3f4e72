// The map: who reaches what, by pointer and by keyboard, with and without JavaScript.
import { findings } from "../lib/axe.ts";
import { expect, test } from "../lib/test.ts";
import { ShareWizard } from "../lib/wizard.ts";

for (const [mode, javaScriptEnabled] of [["with JavaScript", true], ["without JavaScript", false]] as const) {
  test.describe(mode, () => {
    test.use({ javaScriptEnabled });

    test("shares are drawn with their nodes as links, and choosing one shows what goes through it", async ({ freshPage: page }) => {
      test.setTimeout(120_000);
      await page.goto("/map");
      await expect(page.getByRole("heading", { name: "Nothing is shared yet" })).toBeVisible();

      const wizard = new ShareWizard(page);
      await wizard.share();
      await page.goto("/map");
      await expect(page.getByRole("status").filter({ hasText: "One share, 4 ways from callers to endpoints." })).toBeVisible();
      const drawing = page.getByRole("region", { name: "Drawing" });
      const node = (name: RegExp) => drawing.getByRole("link", { name });
      await expect(node(/^Role SageMakerExternal in account 111111111111: .*may assume SageMakerExternal, external ID required/)).toBeVisible();
      const table = page.getByRole("region", { name: "Who reaches what" }).getByRole("row");
      await expect(table).toHaveCount(5);

      // By keyboard: a node is a link like any other.
      const echo = node(/^Endpoint echo /);
      await echo.focus();
      await page.keyboard.press("Enter");
      await expect(page).toHaveURL(/at=endpoint/);
      await expect(node(/^Endpoint echo /)).toHaveAttribute("aria-current", "true");
      await expect(table).toHaveCount(3);
      await expect(page.getByRole("status").filter({ hasText: "echo: 2 ways" })).toBeVisible();
      if (javaScriptEnabled) expect(await findings(page)).toEqual([]);
      await page.getByRole("link", { name: "Show everything" }).click();
      await expect(table).toHaveCount(5);

      await page.getByRole("navigation", { name: "How much is folded" }).getByRole("link", { name: "By account" }).click();
      await expect(node(/^2 callers in account 222222222222/)).toBeVisible();
      await expect(table).toHaveCount(5);
      await node(/^Role SageMakerExternal/).click();
      await expect(page.getByRole("status").filter({ hasText: "SageMakerExternal: 4 ways" })).toBeVisible();
      await page.getByRole("region", { name: "Who reaches what" }).getByRole("link", { name: "SageMakerExternal" }).first().click();
      await expect(page).toHaveURL(/\/shares\/[0-9a-f-]+$/);
    });
  });
}
