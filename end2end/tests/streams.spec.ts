// Answers piece by piece: as they come, stopped, broken off, refused, and without a script.
import type { Page } from "@playwright/test";
import { findings } from "../lib/axe.ts";
import { expect, test } from "../lib/test.ts";
import { ShareWizard } from "../lib/wizard.ts";

/** Shares echo, with streams or without, and opens it in the playground. */
async function opened(page: Page, streams = true): Promise<void> {
  const wizard = new ShareWizard(page);
  await wizard.start();
  await wizard.parent();
  await wizard.endpoints({ endpoints: ["echo"] });
  await wizard.callers();
  if (streams) await page.getByRole("checkbox", { name: /^Stream\b/ }).check();
  await wizard.role();
  await wizard.child();
  await wizard.apply();
  await wizard.applied();
  await page.goto("/playground");
}

/** Asks for an answer piece by piece. */
async function ask(page: Page, body: string, attributes: string): Promise<void> {
  await page.getByRole("combobox", { name: "Answer" }).selectOption({ label: "Piece by piece" });
  await page.getByRole("combobox", { name: "Content type" }).fill("text/plain");
  await page.getByRole("textbox", { name: "Body" }).fill(body);
  const more = page.getByText("Options", { exact: true });
  const field = page.getByRole("textbox", { name: "Custom attributes" });
  if (!(await field.isVisible())) await more.click();
  await field.fill(attributes);
  await page.getByRole("button", { name: "Invoke endpoint" }).click();
}

test("a stream is seen as it comes, and can be stopped", async ({ freshPage: page }) => {
  await opened(page);
  const response = page.getByRole("region", { name: "Response" });
  await ask(page, "añ€𝄞b", "parts=11");
  await expect(response).toContainText("Whole");
  await expect(response.locator("pre")).toHaveText("añ€𝄞b");
  await expect(response).toContainText("11 pieces · 11 B");
  expect(await findings(page)).toEqual([]);

  // The second piece would take an hour.
  await ask(page, "first second", "parts=2;part-ms=3600000");
  await expect(response).toContainText("Coming");
  await expect(page.getByRole("button", { name: "Invoke endpoint" })).toHaveAttribute("aria-busy", "true");
  await response.getByRole("button", { name: "Stop" }).click();
  await expect(response).toContainText("Stopped");
  await expect(async () => {
    await page.goto("/activity");
    await expect(page.getByText("12 bytes sent, stopped")).toBeVisible({ timeout: 1_000 });
  }).toPass();
});

test("what a language model streams is readable as it comes, with each piece's size and time", async ({ freshPage: page }) => {
  await opened(page);
  const response = page.getByRole("region", { name: "Response" });
  const words = ["One", " <b>two</b>", " three"];
  const events = words.map((content) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`).join("");
  await ask(page, events + "data: [DONE]\n\n", "parts=6;type=text/event-stream");
  await expect(response).toContainText("Whole");
  await expect(response.getByRole("region", { name: "What the model says" })).toHaveText(words.join(""));
  await expect(response.getByText(/ tokens a second$/)).toBeVisible();
  await expect(response.getByText(/^after /)).toBeVisible();
  await expect(page.getByRole("status").filter({ hasText: "The answer is whole: 6 pieces" })).toHaveCount(1);
  await response.getByRole("tab", { name: "Raw" }).click();
  await expect(response.getByRole("tabpanel").locator("pre")).toContainText("[DONE]");
  await response.getByRole("tab", { name: "Pieces" }).click();
  await expect(response.getByRole("rowheader")).toHaveText(["1", "2", "3", "4", "5", "6"]);
  expect(await findings(page)).toEqual([]);

  // A long answer is followed until the person looks at its beginning.
  await ask(page, "a line of text\n".repeat(400), "parts=400;part-ms=250");
  await expect(response).toContainText("Coming");
  const area = response.getByRole("region", { name: "The answer so far" });
  const top = () => area.evaluate((it) => it.scrollTop);
  await expect.poll(top).toBeGreaterThan(0);
  // Just as a piece came, and before the page went to the end because of it.
  await area.evaluate(
    (it) =>
      new Promise<void>((done) => {
        const came = new MutationObserver(() => {
          came.disconnect();
          it.scrollTo(0, 0);
          done();
        });
        came.observe(it, { subtree: true, childList: true, characterData: true });
      }),
  );
  const follow = response.getByRole("button", { name: "Follow the end" });
  await expect(follow).toBeVisible();
  const length = () => area.evaluate((it) => it.textContent.length);
  const before = await length();
  await expect.poll(length).toBeGreaterThan(before);
  expect(await top()).toBe(0);
  await follow.click();
  await expect(follow).toBeHidden();
  expect(await top()).toBeGreaterThan(0);
  await response.getByRole("button", { name: "Stop" }).click();
  await expect(response).toContainText("Stopped");
});

test("a stream that breaks off keeps what came and says why, and one that is refused is explained", async ({ freshPage: page }) => {
  await opened(page);
  const response = page.getByRole("region", { name: "Response" });
  await ask(page, "abcd", "parts=4;break-after=2");
  await expect(response.getByRole("alert")).toContainText("told to break off");
  await expect(response).toContainText("StreamBroken");
  await expect(response.locator("pre")).toHaveText("ab");
  expect(await findings(page)).toEqual([]);

  await ask(page, "not this", "status=406");
  await expect(response.getByRole("alert")).toContainText("error (406) from primary");
  await expect(response.getByRole("heading", { name: "The model answered 406" })).toBeVisible();
  // A whole answer takes the stream's place.
  await page.getByRole("combobox", { name: "Answer" }).selectOption({ label: "As a whole" });
  await page.getByRole("textbox", { name: "Custom attributes" }).fill("");
  await page.getByRole("button", { name: "Invoke endpoint" }).click();
  await expect(response).toContainText("200");
  await expect(response.locator("pre")).toHaveText("not this");
});

test("what a model streams is never more than text", async ({ freshPage: page }) => {
  await opened(page);
  const hostile = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
  await ask(page, hostile, "parts=3;type=text/html");
  const response = page.getByRole("region", { name: "Response" });
  await expect(response.locator("pre")).toHaveText(hostile);
  await expect(response.locator("img, script")).toHaveCount(0);
  await expect(page).toHaveTitle(/Playground/);
});

test("a share that does not allow streams says so where they would be asked for", async ({ freshPage: page }) => {
  await opened(page, false);
  const stream = page.getByRole("option", { name: /^Piece by piece/ });
  await expect(stream).toBeDisabled();
  await expect(stream).toHaveText(/the share does not allow streams/);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("a stream is collected to its end, and the choice is kept", async ({ freshPage: page }) => {
    await opened(page);
    await ask(page, "abcd", "parts=4");
    const response = page.getByRole("region", { name: "Response" });
    await expect(response).toContainText("abcd");
    await expect(page.getByRole("combobox", { name: "Answer" })).toHaveValue("stream");
  });
});
