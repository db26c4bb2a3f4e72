// The playground's request: its editor, its fields, its button.
import { expect, type Locator, type Page } from "@playwright/test";

/** What is typed as the body. The text area holds it with the editor and without. */
export function bodyText(page: Page): Locator {
  return page.locator("#field-body");
}

/** The playground's request pane, at an endpoint that a connection calls directly. */
export class RequestPane {
  readonly page: Page;
  readonly pane: Locator;
  readonly response: Locator;
  readonly body: Locator;
  readonly text: Locator;
  readonly contentType: Locator;
  /** What is wrong with the body, below it. */
  readonly problem: Locator;
  readonly invoke: Locator;

  constructor(page: Page) {
    this.page = page;
    this.pane = page.getByRole("region", { name: "Request" });
    this.response = page.getByRole("region", { name: "Response" });
    this.body = this.pane.getByRole("textbox", { name: /^Body/ });
    this.text = bodyText(page);
    this.contentType = this.pane.getByRole("combobox", { name: "Content type" });
    this.problem = this.pane.getByRole("status").filter({ hasText: /^Line/ });
    this.invoke = this.pane.getByRole("button", { name: "Invoke endpoint" });
  }

  async open(endpoint: string): Promise<void> {
    await this.page.goto(`/playground?through=${encodeURIComponent("direct/eu-west-1/parent")}&endpoint=${endpoint}`);
    await expect(this.invoke).toBeVisible();
  }

  /** Waits for the editor. */
  async editor(): Promise<void> {
    await expect(this.page.locator("body-editor[ready]")).toBeVisible();
  }

  /** Chooses a kind of body. */
  async kind(name: string): Promise<void> {
    await this.pane.getByRole("group", { name: "Kind of body" }).getByRole("radio", { name, exact: true }).check();
  }

  /** Puts a text in as a person with a large clipboard would: at once. */
  async put(text: string): Promise<void> {
    await this.text.evaluate((area: HTMLTextAreaElement, text) => {
      area.value = text;
      area.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }, text);
  }

  async option(name: string): Promise<Locator> {
    const field = this.pane.getByLabel(name, { exact: true });
    if (!(await field.isVisible())) await this.pane.getByText(/^Options/).click();
    return field;
  }
}
