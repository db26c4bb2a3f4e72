// Hostile answers: whatever a model gives is shown, and nothing of it is ever run, loaded or made an element.
import { stat } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { answered, bytes, playground, type Sent } from "../lib/answers.ts";
import { findings } from "../lib/axe.ts";
import { expect, test } from "../lib/test.ts";

/** Everything that would give away that a piece of an answer was taken for markup. */
function watched(page: Page): () => Promise<void> {
  const seen: string[] = [];
  page.on("dialog", (dialog) => {
    seen.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (request.url().includes("owned")) seen.push(`a request: ${request.url()}`);
  });
  page.on("popup", (popup) => seen.push(`a window: ${popup.url()}`));
  return async () => {
    expect(seen).toEqual([]);
    await expect(page.locator("[data-owned], #owned, #response :is(script, iframe, object, embed, link, style, base, meta, form)")).toHaveCount(0);
    await expect(page.locator("#response img:not([src^='data:image/'])")).toHaveCount(0);
    expect(await page.evaluate(() => "owned" in window)).toBe(false);
    await expect(page).toHaveTitle(/Playground/);
  };
}

const EVIL = `<img src="/owned.png" data-owned onerror="window.owned=1"><script data-owned>window.owned=1;alert(1)</script><iframe id="owned" src="/owned"></iframe>`;
const SVG = `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="window.owned=1" data-owned><script>window.owned=1</script><image href="/owned.png"/></svg>`;
const HTML = `<!DOCTYPE html><html><head><base href="https://owned.example/"><title>owned</title></head><body>${EVIL}</body></html>`;

/** Each with what has to be read on the page. */
const HOSTILE: [name: string, sent: Sent, read: string[]][] = [
  ["a page of HTML", { type: "text/html", body: HTML }, ["This is HTML", EVIL]],
  ["HTML that is said to be JSON", { type: "application/json", body: HTML }, ["The model says application/json, but this is HTML", EVIL]],
  ["SVG that is said to be an image", { type: "image/svg+xml", body: SVG }, ["This is SVG", "onload="]],
  ["SVG that is said to be a PNG", { type: "image/png", body: SVG }, ["The model says image/png, but this is SVG"]],
  ["the end of a script", { type: "text/plain", body: `</script></textarea></pre>--></title>${EVIL}` }, [EVIL]],
  ["markup in JSON", { type: "application/json", body: JSON.stringify({ [EVIL]: EVIL, list: [EVIL] }) }, [EVIL]],
  ["markup in CSV", { type: "text/csv", body: `name,score\n"${EVIL.replaceAll('"', '""')}",1\n` }, [EVIL]],
  ["markup in JSON Lines", { type: "application/jsonlines", body: `${JSON.stringify([EVIL])}\n${JSON.stringify({ a: EVIL })}\n` }, ["window.owned=1;alert(1)"]],
  ["markup that a chat says", { type: "application/json", body: JSON.stringify({ choices: [{ message: { role: EVIL, content: EVIL } }] }) }, [EVIL]],
  ["markup in a stream of events", { type: "text/event-stream", body: `data: ${JSON.stringify({ token: { text: EVIL } })}\n\n` }, [EVIL]],
  ["markup in the model's error", { told: "status=500", body: HTML }, ["The model answered 500", EVIL]],
  ["a type of markup", { type: `text/${"x".repeat(200)}`, body: "x" }, ["x"]],
  ["text that turns around", { body: "safe\u202Egpj.exe\u0000\u001b[31m" }, ["safe⟨U+202E⟩gpj.exe␀␛[31m", "shown by marks"]],
  ["bytes that are no text", bytes([0xff, 0xfe], EVIL, [0x80]), ["ff fe 3c 69 6d 67"]],
  ["a JPEG in name only", { ...bytes([0xff, 0xd8, 0xff], EVIL), type: "image/jpeg" }, ["not told", "ff d8 ff 3c"]],
  ["JSON that is none", { type: "application/json", body: `{"a":1,\n oops}` }, ["this is no JSON: line 2, column 2"]],
  ["brackets without end", { type: "application/json", body: "[".repeat(100_000) + "]".repeat(100_000) }, ["1 item"]],
  ["a number without end", { type: "application/json", body: `{"n":1e${"9".repeat(400)}}` }, ["1e999"]],
];

test("nothing that a model answers is interpreted", async ({ shared, sharedPage: page }) => {
  test.setTimeout(180_000);
  const safe = watched(page);
  for (const [name, sent, read] of HOSTILE) {
    await test.step(name, async () => {
      const response = await answered(page, shared.origin, sent);
      // The script has taken the page over, and drawn the same.
      for (const text of read) await expect(response).toContainText(text);
      for (const tab of await response.getByRole("tab").all()) await tab.click();
      await safe();
    });
  }
  expect(await findings(page)).toEqual([]);
});

test("thirty megabytes do not stop the page, and all of them can be saved", async ({ shared, sharedPage: page }) => {
  const safe = watched(page);
  const large = 30 * 1024 * 1024;
  const response = await answered(page, shared.origin, { told: `bytes=${large};type=text/html` });
  await expect(response).toContainText("The first 64 kB of 30 MB are shown.");
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    response.getByRole("link", { name: "Download 30 MB" }).click(),
  ]);
  expect(file.suggestedFilename()).toBe("echo-answer.txt");
  expect((await stat(await file.path())).size).toBe(large);
  await expect(page).toHaveURL(/playground/);
  await safe();

  // Eight megabytes come whole: the tree, the table and the dump draw what is looked at.
  const row = `"${"<b>".repeat(20)}",1\n`;
  const rows = Math.floor(1_500_000 / row.length);
  const table = await answered(page, shared.origin, { type: "text/csv", body: `name,score\n${row.repeat(rows)}` });
  await expect(table).toContainText(`Rows 1 to 100 of ${rows.toLocaleString("en-GB")}`);
  await table.getByRole("button", { name: "Last" }).click();
  await expect(table.getByRole("rowheader").last()).toHaveText(String(rows));
  await safe();
});

test("a slow model is waited for, and what was typed stays", async ({ sharedPage: page }) => {
  const safe = watched(page);
  await page.goto(playground());
  const response = page.getByRole("region", { name: "Response" });
  await expect(response).toContainText("appears here");
  // The model's time is nobody's: the answer is held back until the page was looked at.
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/api/invoke_endpoint", async (route) => {
    await held;
    await route.continue();
  });
  await page.getByRole("button", { name: "Invoke endpoint" }).click();
  await expect(response).toContainText("Calling echo");
  release();
  await expect(response).toContainText("200");
  await safe();
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("everything of an answer is there to be read, and saved", async ({ shared, sharedPage: page }) => {
    const response = await answered(page, shared.origin, { type: "application/json", body: JSON.stringify({ a: [1, { b: EVIL }] }) });
    await expect(response).toContainText(`"b": `);
    await expect(response.getByRole("heading", { name: "Formatted" })).toBeVisible();
    await expect(response.locator("[data-owned], script, iframe")).toHaveCount(0);
    const [file] = await Promise.all([page.waitForEvent("download"), response.getByRole("link", { name: /^Download/ }).click()]);
    expect(file.suggestedFilename()).toBe("echo-answer.json");

    const table = await answered(page, shared.origin, { type: "text/csv", body: "id,score\n1,0.5\n2,0.7\n" });
    await expect(table.getByRole("columnheader", { name: "score" })).toBeVisible();
    await expect(table).toContainText("Rows 1 to 2 of 2");
    const dump = await answered(page, shared.origin, bytes([0, 1, 2, 0xff]));
    await expect(dump).toContainText("00000000  00 01 02 ff");
  });
});
