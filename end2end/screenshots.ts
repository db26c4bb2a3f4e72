// Takes a picture of every page in light, dark and phone width into the folder that SCREENSHOTS names.
import { join } from "node:path";
import { everyPage } from "./lib/pages.ts";
import { everyPipelinePage } from "./lib/pipeline-pages.ts";
import { test } from "./lib/test.ts";

const folder = process.env["SCREENSHOTS"] ?? "screenshots";
const looks = [
  { look: "light", colorScheme: "light", viewport: { width: 1280, height: 900 } },
  { look: "dark", colorScheme: "dark", viewport: { width: 1280, height: 900 } },
  { look: "phone", colorScheme: "light", viewport: { width: 375, height: 740 } },
] as const;

for (const { look, colorScheme, viewport } of looks) {
  test.describe(look, () => {
    test.use({ colorScheme, viewport });
    for (const [what, walk] of [["page", everyPage], ["pipeline page", everyPipelinePage]] as const) {
      test(`every ${what}`, async ({ freshPage: page, fresh, trouble }) => {
        trouble.allow(/422/);
        await walk(page, fresh, async (name) => {
          // Nothing is to look as if the pointer were on it.
          await page.mouse.move(0, 0);
          const fullPage = look === "phone" || name.startsWith("pipeline");
          await page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage, animations: "disabled" });
        });
      });
    }
  });
}
