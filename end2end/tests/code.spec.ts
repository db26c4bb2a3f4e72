// A request as code: it follows what is typed, says why there is none, and comes as a file without a script too.
import { readFile } from "node:fs/promises";
import { findings } from "../lib/axe.ts";
import { expect, test } from "../lib/test.ts";

const ECHO = `/playground?through=${encodeURIComponent("direct/eu-west-1/parent")}&endpoint=echo`;

test("the code is of the request as it stands, in the language that is chosen", async ({ sharedPage: page, trouble }) => {
  await page.goto(ECHO);
  const body = page.getByRole("textbox", { name: "Body" });
  await body.fill('it\'s "so"');
  await page.getByText("Copy as code", { exact: true }).click();
  const code = page.getByRole("tabpanel").locator("pre");
  await expect(code).toContainText(`BODY = b'it\\'s "so"'`);
  await expect(code).toContainText('os.environ.get("AWS_PROFILE") or "parent"');

  await page.getByRole("tab", { name: "Rust" }).click();
  await expect(code).toContainText('const BODY: &str = "it\'s \\"so\\"";');
  await body.fill("something else");
  await expect(code).toContainText('const BODY: &str = "something else";');
  await page.getByRole("button", { name: "Use sample" }).click();
  await expect(code).not.toContainText("something else");
  expect(await findings(page)).toEqual([]);

  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download main.rs" }).click()]);
  expect(file.suggestedFilename()).toBe("main.rs");
  expect(await readFile(await file.path(), "utf8")).toBe(await code.textContent());

  // What can't be sent has no code either, and says why in the code's place.
  trouble.allow(/render_code|Failed to load resource/);
  await page.getByRole("combobox", { name: "Answer" }).selectOption({ label: "Piece by piece" });
  await page.getByRole("tab", { name: "curl" }).click();
  await expect(page.getByRole("alert")).toContainText(/curl can't read an answer piece by piece/i);
  await page.getByRole("tab", { name: "JavaScript" }).click();
  await expect(code).toContainText("InvokeEndpointWithResponseStreamCommand");
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the request's form gives a file in each language", async ({ sharedPage: page }) => {
    await page.goto(ECHO);
    await page.getByRole("textbox", { name: "Body" }).fill("typed by hand");
    await page.getByText("Copy as code", { exact: true }).click();
    for (const [language, name] of [["Python", "invoke-echo.py"], ["curl", "invoke-echo-curl.sh"], ["Rust", "main.rs"]] as const) {
      const button = page.getByRole("button", { name: `Download ${language}` });
      const [file] = await Promise.all([page.waitForEvent("download"), button.click()]);
      expect(file.suggestedFilename()).toBe(name);
      expect(await readFile(await file.path(), "utf8")).toContain("typed by hand");
    }
  });
});
