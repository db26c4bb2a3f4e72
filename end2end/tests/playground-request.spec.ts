// The request side of the playground: each kind of body, the options, waiting, and no script at all.
import { findings } from "../lib/axe.ts";
import { RequestPane } from "../lib/request.ts";
import { expect, test } from "../lib/test.ts";

/** Eight pixels by eight. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFklEQVR42mOw8r8ORx92eMERw9CSAAAXz2pBy41ySwAAAABJRU5ErkJggg==",
  "base64",
);

test("an error in JSON is told with its place, asks before it is sent, and formatting keeps the values", async ({ sharedPage: page }) => {
  const request = new RequestPane(page);
  await request.open("echo");
  await request.editor();
  await request.kind("JSON");
  await expect(request.contentType).toHaveValue("application/json");
  await request.body.fill('{\n  "a": 1.50,\n  "b" 2\n}');
  await expect(request.problem.filter({ hasText: "Line 3, column 7: a colon is expected." })).toBeVisible();
  await expect(request.body).toHaveAccessibleDescription(/Line 3, column 7/);
  await expect(request.pane.getByRole("button", { name: /^Format/ })).toBeDisabled();
  await expect(page.locator("body-editor .cm-lint-marker-error")).toBeVisible();
  expect(await findings(page)).toEqual([]);

  await request.body.press("ControlOrMeta+Enter");
  await expect(request.pane.getByRole("alert")).toContainText("a colon is expected. It was not sent");
  await request.pane.getByRole("button", { name: "Invoke with it as it is" }).click();
  await expect(request.response).toContainText("200");

  await request.body.fill('{"a": 1.50, "b": [1,2]}');
  await expect(request.pane.getByRole("alert")).toHaveCount(0);
  await request.pane.getByRole("button", { name: "Format" }).click();
  await expect(request.text).toHaveValue('{\n  "a": 1.50,\n  "b": [\n    1,\n    2\n  ]\n}');
  await expect(page.locator("body-editor .cm-content")).toContainText('"b": [');
  await request.pane.getByRole("button", { name: "Compact" }).click();
  await expect(request.text).toHaveValue('{"a":1.50,"b":[1,2]}');

  // What a saved request fills in is no error, and is asked about all the same.
  await request.body.fill('{"months":{{months}}}');
  await expect(request.pane.getByText("{{months}} is filled in once the request is saved.")).toBeVisible();
  await expect(request.problem).toHaveCount(0);
  await expect(page.locator("body-editor .cm-lint-marker-error")).toHaveCount(0);
  await request.pane.getByRole("button", { name: "Format" }).click();
  await expect(request.text).toHaveValue('{\n  "months": {{months}}\n}');
  expect(await findings(page)).toEqual([]);
  await request.invoke.click();
  await expect(request.pane.getByRole("alert")).toContainText("It was not sent");
  await request.pane.getByRole("button", { name: "Invoke with it as it is" }).click();
  await expect(request.response).toContainText("{{months}}");

  // Tab goes on, as in any other field.
  await request.body.focus();
  await page.keyboard.press("Tab");
  await expect(request.body).not.toBeFocused();
});

test("kinds turn into each other where they can, and keep what was typed where they can't", async ({ sharedPage: page }) => {
  const request = new RequestPane(page);
  await request.open("echo");
  await request.editor();
  await request.kind("JSON");
  await request.body.fill('[{"a": 1}, {"a": 2}]');
  await request.kind("JSON Lines");
  await expect(request.contentType).toHaveValue("application/jsonlines");
  await expect(request.text).toHaveValue('{"a":1}\n{"a":2}');
  await request.body.fill('{"a":1}\n\n{"a":}');
  await expect(request.problem.filter({ hasText: "Line 3, column 6" })).toBeVisible();
  await request.kind("CSV");
  await expect(request.text).toHaveValue("");
  await expect(request.pane.getByText("The body is empty.")).toBeVisible();
  await request.body.fill("1,2");
  await expect(request.pane.getByText("The body is empty.")).toHaveCount(0);
  await request.kind("JSON Lines");
  await expect(request.text).toHaveValue('{"a":1}\n\n{"a":}');
  // The content type asks for a kind, too.
  await request.contentType.fill("text/csv");
  await expect(request.text).toHaveValue("1,2");
  await request.kind("Bytes");
  await expect(request.text).toHaveValue("31 2c 32");
  await request.body.fill("zz");
  await expect(request.problem.filter({ hasText: "no hex digit" })).toBeVisible();
  await request.body.fill("0x68 69");
  await request.invoke.click();
  await expect(request.response).toContainText("hi");
});

test("CSV is edited as a grid, takes a block from a spreadsheet, and leaves its header out", async ({ sharedPage: page }) => {
  const request = new RequestPane(page);
  await request.open("echo");
  await request.editor();
  await request.kind("CSV");
  await request.body.fill("age,plan\n41,7\n");
  await request.pane.getByRole("checkbox", { name: "Edit as a grid" }).check();
  const cell = (row: number, column: number) => page.getByRole("textbox", { name: `Row ${row}, column ${column}`, exact: true });
  await expect(cell(1, 2)).toHaveValue("plan");
  await cell(2, 1).fill("4,1");
  await cell(2, 1).press("Tab");
  await expect(cell(2, 2)).toBeFocused();
  await expect(request.text).toHaveValue('age,plan\n"4,1",7\n');
  await cell(2, 1).evaluate((input) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", "29\t12\r\n33\t2\r\n");
    input.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  });
  await expect(request.text).toHaveValue("age,plan\n29,12\n33,2\n");
  await expect(cell(3, 2)).toHaveValue("2");
  await page.getByRole("button", { name: "Remove row 2" }).click();
  await page.getByRole("button", { name: "Add column" }).click();
  await expect(request.text).toHaveValue("age,plan,\n33,2,\n");
  await page.getByRole("button", { name: "Remove column 3" }).click();
  expect(await findings(page)).toEqual([]);

  await request.pane.getByRole("checkbox", { name: "Leave out the first row when sending" }).check();
  await request.invoke.click();
  await expect(request.response).toContainText("33");
  await expect(request.response).not.toContainText("plan");
  await expect(request.text).toHaveValue("age,plan\n33,2\n");

  // Five megabytes are a page of rows at a time.
  await request.put("41,7,12\n".repeat(650_000));
  await expect(request.pane.getByText("Rows 1 to 50 of 650,000")).toBeVisible();
  await page.getByRole("button", { name: "Next rows" }).click();
  await expect(cell(51, 1)).toHaveValue("41");
  await cell(51, 1).fill("5");
  await cell(51, 1).press("Enter");
  await expect(cell(52, 1)).toBeFocused();
  await expect(cell(51, 1)).toHaveValue("5");
});

test("a file is chosen, dropped or too large, a picture is shown by its bytes, and what is none is not", async ({ sharedPage: page }) => {
  const request = new RequestPane(page);
  await request.open("echo");
  await request.editor();
  await request.kind("File or image");
  await expect(request.invoke).toBeDisabled();
  const file = request.pane.getByLabel("File", { exact: true });
  await file.setInputFiles({ name: "lighthouse.bin", mimeType: "application/octet-stream", buffer: PNG });
  await expect(page.getByRole("img", { name: "Preview of lighthouse.bin" })).toBeVisible();
  await expect(request.contentType).toHaveValue("image/png");
  await expect(request.pane.getByText(`${PNG.length} B of 6 MB`)).toBeVisible();
  const picture = page.getByRole("img", { name: "Preview of lighthouse.bin" });
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(8);
  expect(await findings(page)).toEqual([]);
  await request.invoke.click();
  await expect(request.response).toContainText("200");

  // A picture by its name only is shown as its bytes; nothing in it is markup.
  await request.pane.evaluate((pane) => {
    const data = new DataTransfer();
    data.items.add(new File(["<svg onload='document.title=1'>"], "evil.png", { type: "image/png" }));
    pane.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await expect(request.pane.getByText("3c 73 76 67", { exact: false })).toBeVisible();
  await expect(request.pane.getByRole("img", { name: /Preview/ })).toHaveCount(0);
  await file.setInputFiles({ name: "large.bin", mimeType: "", buffer: Buffer.alloc(6_300_000) });
  await expect(request.pane.getByRole("alert")).toContainText("large.bin has 6,300,000 bytes");
  await expect(request.invoke).toBeDisabled();

  // What is text can be typed on, and the file is there again.
  await file.setInputFiles({ name: "rows.csv", mimeType: "text/csv", buffer: Buffer.from("1,2\n") });
  await request.pane.getByRole("button", { name: "Edit as text" }).click();
  await expect(request.text).toHaveValue("1,2\n");
  await expect(request.contentType).toHaveValue("text/csv");
  await request.kind("File or image");
  await expect(request.pane.getByText("rows.csv")).toBeVisible();
});

test("options are measured as they are typed, and those a stream does not take are not sent", async ({ sharedPage: page }) => {
  const request = new RequestPane(page);
  await request.open("echo");
  await request.editor();
  await request.kind("Text");
  await request.body.fill("hello");
  const id = await request.option("Inference id");
  await id.fill("x".repeat(65));
  await expect(id).toHaveAccessibleDescription(/Inference id has 65 characters; SageMaker takes at most 64/);
  await expect(request.invoke).toBeDisabled();
  await id.fill("call-1");
  const attributes = await request.option("Custom attributes");
  await attributes.fill("naïve");
  await expect(attributes).toHaveAccessibleDescription(/Custom attributes have .* only printable ASCII can travel in a header/);
  await expect(request.invoke).toHaveAccessibleName(/the custom attributes can't be sent so/);
  await attributes.fill("");
  await (await request.option("Explanations")).fill("`true`");
  await request.pane.getByRole("combobox", { name: "Answer" }).selectOption({ label: "Piece by piece" });
  await expect(request.pane.getByText("Not sent: InvokeEndpointWithResponseStream takes no explanations.")).toBeVisible();
  await expect(request.pane.getByText("Asynchronously: this is a real-time endpoint, not an asynchronous one.")).toBeVisible();
  expect(await findings(page)).toEqual([]);
  await request.invoke.click();
  await expect(request.response.locator("pre")).toHaveText("hello");
});

test("samples of known containers are at hand, and an endpoint that is not in service says so", async ({ sharedPage: page }) => {
  const request = new RequestPane(page);
  await request.open("demand-forecast");
  await expect(request.pane.getByText("demand-forecast is Failed: a call would be refused.", { exact: false })).toBeVisible();
  await request.editor();
  const samples = request.pane.getByRole("combobox", { name: "Samples" });
  await samples.selectOption({ label: "Chat (vLLM, OpenAI style)" });
  await expect(request.text).toHaveValue(/"messages"/);
  await expect(request.contentType).toHaveValue("application/json");
  await samples.selectOption({ label: "scikit-learn, NumPy array" });
  await expect(request.contentType).toHaveValue("application/x-npy");
  await expect(request.pane.getByText("93 4e 55 4d 50 59", { exact: false })).toBeVisible();
  const region = page.getByRole("combobox", { name: "Region" });
  await region.fill("us-west-2");
  await expect(page).toHaveURL(/through=direct%2Fus-west-2%2Fparent/);
  await expect(page.getByText("This connection sees no endpoint in the region", { exact: false })).toBeVisible();
});

test("which of many models or components is to answer is asked for before anything is sent", async ({ sharedPage: page }) => {
  const request = new RequestPane(page);
  await request.open("tenant-models");
  await request.editor();
  const model = await request.option("Target model");
  await expect(model).toHaveValue("churn.tar.gz");
  await request.invoke.click();
  await expect(request.response).toContainText("200");
  await model.fill("");
  await expect(request.invoke).toBeDisabled();
  await expect(request.invoke).toHaveAccessibleName(/needs a target model/);

  await request.open("shared-gpu");
  await request.editor();
  await expect(request.invoke).toHaveAccessibleName(/needs an inference component/);
  const component = await request.option("Inference component");
  await expect(component).toHaveAccessibleDescription(/Here: .*echo-component/);
  await component.fill("echo-component");
  await request.kind("Text");
  await request.body.fill("hello");
  await request.invoke.click();
  await expect(request.response).toContainText("hello");
});

test("a body over the limit of a serverless endpoint says whose limit it is", async ({ sharedPage: page }) => {
  const request = new RequestPane(page);
  await request.open("churn-serverless");
  await request.editor();
  await request.put("41,7,12\n".repeat(600_000));
  await expect(request.body).toHaveAccessibleDescription(/4\.5 MB are more than a serverless endpoint takes/);
  await expect(request.invoke).toBeDisabled();
});

test("a call that is waited for counts, and cancelling it ends it", async ({ fresh, freshPage: page }) => {
  const request = new RequestPane(page);
  await request.open("echo");
  await request.editor();
  await fresh.fault({ service: "runtime", effect: { kind: "latency", ms: 45_000 } });
  await request.invoke.click();
  await expect(request.pane.getByText(/1 s · the model has 59 s left of 60 s/)).toBeVisible();
  await request.pane.getByRole("button", { name: "Cancel call" }).click();
  await expect(request.response.getByRole("status")).toHaveText(/^Cancelled after \d+ s$/);
  await expect(request.response.getByText("No answer had come", { exact: false })).toBeVisible();
  await expect(request.pane).not.toContainText("Cancelled");
  await expect(request.invoke).not.toHaveAttribute("aria-busy", "true");
  await fresh.clearFaults();
  await expect(async () => {
    await page.goto("/activity");
    await expect(page.getByText(/bytes sent, cancelled/)).toBeVisible({ timeout: 1_000 });
  }).toPass();
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 800 } });

  test("nothing scrolls sideways", async ({ sharedPage: page }) => {
    const request = new RequestPane(page);
    await request.open("churn-classifier");
    await request.editor();
    await request.pane.getByRole("checkbox", { name: "Edit as a grid" }).check();
    await (await request.option("Inference id")).fill("x");
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide).toBe(0);
    await expect(request.pane.getByText("Ctrl Enter")).toBeHidden();
    expect(await findings(page)).toEqual([]);
  });
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the body is a text area in a plain form", async ({ sharedPage: page }) => {
    const request = new RequestPane(page);
    await request.open("echo");
    await expect(page.getByRole("group", { name: "Kind of body" })).toBeHidden();
    await page.getByRole("textbox", { name: "Body" }).fill('{"plain": true}');
    const id = await request.option("Inference id");
    await id.fill("call-2");
    await request.invoke.click();
    await expect(request.response).toContainText("plain");
    await expect(page.getByRole("textbox", { name: "Body" })).toHaveValue('{"plain": true}');
    await expect(id).toHaveValue("call-2");
  });
});
