// The response: every shape of an answer with its views, what is told beside it, and why there is none.
import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { answered, bytes, pane, playground } from "../lib/answers.ts";
import { findings } from "../lib/axe.ts";
import { expect, test } from "../lib/test.ts";

/** A picture of 3 × 2 pixels. */
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAHUlEQVR4nGNgYDgRwHBiAcMJBoaKEwEVJxZUnAAAQiwH+SggQlEAAAAASUVORK5CYII=";

/** Nothing but what scrolls in itself is wider than the page. */
async function fits(page: Page): Promise<void> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(over, "the page scrolls sideways").toBeLessThanOrEqual(0);
}

test("JSON is a tree that opens by keyboard, formatted, and raw", async ({ shared, sharedPage: page }) => {
  const body = JSON.stringify({ model: "añ\u0000", scores: Array.from({ length: 250 }, (_, n) => n), deep: { er: { est: [true, null] } } });
  const response = await answered(page, shared.origin, { type: "application/json", body });
  const tree = response.getByRole("region", { name: "Tree of the answer" });
  await expect(tree).toContainText("3 members");
  await expect(tree).toContainText(`"añ␀"`);
  const scores = tree.locator("summary", { hasText: "scores" });
  await expect(scores).toContainText("250 items");
  await scores.focus();
  await page.keyboard.press("Enter");
  await tree.getByRole("button", { name: "Show 100 more of 150" }).click();
  await tree.getByRole("button", { name: "Show 50 more of 50" }).click();
  await expect(tree.getByText("249", { exact: true }).first()).toBeVisible();
  expect(await findings(page)).toEqual([]);

  const tab = (name: string) => response.getByRole("tab", { name, exact: true });
  await tab("Tree").press("ArrowRight");
  await expect(tab("Formatted")).toBeFocused();
  await expect(response.getByRole("tabpanel")).toContainText(`"est": [`);
  await tab("Raw").click();
  await expect(response.getByRole("tabpanel").locator("pre")).toHaveText(body);
  expect(await findings(page)).toEqual([]);
});

test("rows are a table in pages, lines a list, and numbers bars", async ({ shared, sharedPage: page }) => {
  const rows = Array.from({ length: 230 }, (_, n) => `${n},"a, ${n}",0.${n}`).join("\n");
  const table = await answered(page, shared.origin, { type: "text/csv", body: `id,name,score\n${rows}\n` });
  await expect(table.getByRole("columnheader", { name: "score" })).toBeVisible();
  await expect(table).toContainText("Rows 1 to 100 of 230");
  await table.getByRole("button", { name: "Next" }).click();
  await expect(table).toContainText("Rows 101 to 200 of 230");
  await table.getByRole("button", { name: "Next" }).click();
  await expect(table).toContainText("Rows 201 to 230 of 230");
  await expect(table.getByRole("cell", { name: "a, 229" })).toBeVisible();
  await expect(table.getByRole("button", { name: "Next" })).toHaveAttribute("aria-disabled", "true");
  expect(await findings(page)).toEqual([]);
  await page.setViewportSize({ width: 390, height: 844 });
  await fits(page);
  await page.setViewportSize({ width: 1280, height: 900 });

  const lines = await answered(page, shared.origin, { type: "application/jsonlines", body: `{"label":"a","score":0.5}\n{"label":"b"}\n` });
  await expect(lines.getByRole("region", { name: "Lines of the answer" })).toContainText("2 members");
  await expect(lines).toContainText("Lines 1 to 2 of 2");
  const bars = await answered(page, shared.origin, { type: "text/csv", body: "0.081\n0.9\n" });
  await expect(bars.getByRole("list", { name: "Scores by row" })).toContainText("0.081");
});

test("what a language model says is text to read, whole or out of events", async ({ shared, sharedPage: page }) => {
  const usage = { prompt_tokens: 7, completion_tokens: 12 };
  const body = JSON.stringify({ choices: [{ message: { role: "assistant", content: "One.\nTwo." }, finish_reason: "stop" }], usage });
  const chat = await answered(page, shared.origin, { type: "application/json", body });
  const said = chat.getByRole("region", { name: "What the model said" });
  await expect(said).toContainText("assistant");
  await expect(said).toContainText("One.\nTwo.");
  await expect(said).toContainText("ended: stop · 7 tokens read, 12 written");
  expect(await findings(page)).toEqual([]);
  const events = ["One", ".\n", "Two."].map((text) => `data:${JSON.stringify({ token: { text } })}\n\n`).join("");
  const stream = await answered(page, shared.origin, { type: "text/event-stream", body: events });
  await expect(stream.getByRole("region", { name: "What the model said" })).toHaveText("One.\nTwo.");
});

test("an image is shown by its bytes, others are a dump, and each is saved as it came", async ({ shared, sharedPage: page }) => {
  const image = await answered(page, shared.origin, { body: PNG, told: "decode=base64", type: "application/octet-stream" });
  await expect(image.getByRole("img", { name: /image of 3 × 2 pixels/ })).toBeVisible();
  await expect(image).toContainText("PNG · 3 × 2 pixels");
  expect(await page.locator("#response img").evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(3);
  expect(await findings(page)).toEqual([]);
  await image.getByRole("tab", { name: "Bytes" }).click();
  await expect(image).toContainText("00000000  89 50 4e 47 0d 0a 1a 0a");
  const [saved] = await Promise.all([page.waitForEvent("download"), image.getByRole("link", { name: /^Download/ }).click()]);
  expect(saved.suggestedFilename()).toBe("echo-answer.png");
  expect((await readFile(await saved.path())).toString("base64")).toBe(PNG);

  const dump = await answered(page, shared.origin, bytes(Array.from({ length: 3000 }, (_, n) => (n * 7 + 255) % 256)));
  await expect(dump).toContainText("Bytes 1 to 1,024 of 3,000");
  await dump.getByRole("button", { name: "Next" }).click();
  await expect(dump).toContainText("00000400  ");
  expect(await findings(page)).toEqual([]);
  await page.setViewportSize({ width: 390, height: 844 });
  await fits(page);
});

test("the time is split, the facts are beside it, and the page's own answer is saved by its script", async ({ sharedPage: page }) => {
  await page.goto(playground());
  await page.getByRole("button", { name: "Invoke endpoint" }).click();
  const response = pane(page);
  const parts = response.getByRole("list", { name: "Where the time went" });
  await expect(parts).toContainText("no role assumed");
  await expect(parts).toContainText(/waiting for the first byte [\d.]+ m?s/);
  await expect(parts).toContainText(/transfer (under )?[\d.]+ m?s/);
  for (const fact of ["Content type", "Size", "Variant", "Request ID"]) await expect(response.getByText(fact, { exact: true })).toBeVisible();
  await expect(response.getByRole("button", { name: "Copy: Request ID" })).toBeVisible();
  await expect(page.getByRole("status").filter({ hasText: "Answered with 200" })).toHaveCount(1);
  const [saved] = await Promise.all([page.waitForEvent("download"), response.getByRole("button", { name: "Download" }).click()]);
  expect(saved.suggestedFilename()).toBe("echo-answer.json");
  expect(await readFile(await saved.path(), "utf8")).toBe(`{"hello":"sagemaker"}`);
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await findings(page)).toEqual([]);
});

test("each failure says what it means, what to do, and where the log is", async ({ fresh, freshPage: page }) => {
  test.setTimeout(180_000);
  const failed = async (told: string, body: string, ...texts: string[]) => {
    const response = await answered(page, fresh.origin, { told, body });
    for (const text of texts) await expect(response, told).toContainText(text);
    return response;
  };
  await failed("error=ModelNotReadyException", "x", "429 · ModelNotReadyException", "still being loaded");
  await failed("error=InternalFailure", "x", "InternalFailure", "SageMaker itself failed");
  await failed("error=ServiceUnavailable", "x", "503 · ServiceUnavailable", "no instance of the endpoint is healthy");
  await failed("error=InternalDependencyException", "x", "InternalDependencyException", "KMS key");
  await failed("status=400", "row 3 is short", "The model answered 400", "row 3 is short", "could not read this input");
  await failed("status=422", `{"detail":["a"]}`, `"detail": [`, "don't fit: check the names, types and number of its fields.");
  await failed("status=415", "no", "does not say which it takes");
  await failed("status=301", "x", "a redirect, which SageMaker does not follow");
  await failed("status=503", "", "(no message)", "does not answer");
  const failure = await failed("status=500", "Traceback", "424 · ModelError", "its log has the error's place");
  const log = failure.getByRole("link", { name: /Open its log in CloudWatch/ });
  await expect(log).toHaveAttribute("href", /^https:\/\/eu-west-1\.console\.aws\.amazon\.com\/cloudwatch\/home\?region=eu-west-1#logsV2:log-groups\/log-group\/\$252Faws/);
  await expect(failure.getByRole("button", { name: "Copy the log's ARN" })).toBeVisible();
  expect(await findings(page)).toEqual([]);

  const missing = await answered(page, fresh.origin, { endpoint: "missing", body: "x" });
  await expect(missing).toContainText("has no endpoint of this name in eu-west-1");
  for (const [endpoint, text] of [
    ["demand-forecast", "or it is not in service"],
    ["tenant-models", "name the one that is to answer as target model"],
    ["shared-gpu", "This endpoint's models are inference components: name the one that is to answer."],
  ] as const) {
    await expect(await answered(page, fresh.origin, { endpoint, body: "x", type: "text/csv" }), endpoint).toContainText(text);
  }
  for (const [effect, ...texts] of [
    [{ kind: "throttle" }, "more calls than this endpoint or account may make at once"],
    [{ kind: "error", status: 403, code: "AccessDeniedException", message: "User: x is not authorized to perform: sagemaker:InvokeEndpoint" }, "itself may not make this call"],
    [{ kind: "error", status: 403, code: "ExpiredTokenException", message: "The security token included in the request is expired" }, "renew the credentials of connection"],
    [{ kind: "error", status: 400, code: "ValidationError", message: "Variant blue does not belong" }, "name a production variant"],
  ] as const) {
    await fresh.fault({ service: "runtime", operation: "InvokeEndpoint", effect });
    const response = await answered(page, fresh.origin, { body: "x" });
    for (const text of texts) await expect(response).toContainText(new RegExp(text, "i"));
    await fresh.clearFaults();
  }
});

test("the types that a refusal names are offered, and one click sends it again as one of them", async ({ sharedPage: page, shared }) => {
  const refusal = "Content-type application/xml is not supported. Content-type must be one of: text/csv, application/json.";
  const response = await answered(page, shared.origin, { type: "application/xml", told: "status=415", body: refusal });
  await expect(response.getByRole("button", { name: "Invoke again as text/csv" })).toBeVisible();
  await expect(response.getByRole("button", { name: "Invoke again as application/json" })).toBeVisible();
  await expect(response).toContainText("The model answered 415");
  const accept = await answered(page, shared.origin, { accept: "application/xml", told: "status=406", body: "Supported: application/json" });
  await expect(accept.getByRole("button", { name: "Invoke again and accept application/json" })).toBeVisible();
  await expect(accept.getByRole("button", { name: "Invoke again and accept any type" })).toBeVisible();
  await page.setViewportSize({ width: 390, height: 844 });
  await fits(page);
  expect(await findings(page)).toEqual([]);
});
