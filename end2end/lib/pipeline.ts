// The pipeline wizard as a person walks it: by roles and labels only, with and without JavaScript.
import { expect, type Locator, type Page } from "@playwright/test";

/** What a pipeline is made from; the defaults fit the sandbox's accounts and the shipped table. */
export interface PipelineAnswers {
  shared?: string;
  training?: string;
  production?: string;
  prefix?: string;
  source?: "repository" | "bucket";
  repository?: string;
  bucket?: string;
  endpoint?: string;
  rounds?: string;
  /** A table's text; the sample where there is none. */
  table?: { name: string; text: string };
}

/** The wizard on a page. */
export class PipelineWizard {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** From anywhere to the first step. */
  async start(): Promise<void> {
    await this.page.goto("/pipelines");
    await this.page.getByRole("main").getByRole("button", { name: "Build a training pipeline" }).first().click();
    await this.at("accounts");
  }

  /** Waits for a step. */
  async at(step: string): Promise<void> {
    await expect(this.page).toHaveURL(new RegExp(`/pipelines/new/[^/]+/${step}(\\?.*)?(#.*)?$`));
    await expect(this.page.getByRole("heading", { level: 1 })).toBeVisible();
  }

  /** The bar's buttons; the page may show others of the same name. */
  button(name: string | RegExp): Locator {
    return this.page.getByRole("group", { name: "Actions" }).getByRole("button", { name });
  }

  /** A connection's card in one of the lanes. */
  connection(lane: "Shared services" | "Training" | "Production", profile: string): Locator {
    const group = this.page.getByRole("group", { name: `${lane} account`, exact: true });
    return group.getByRole("radio", { name: new RegExp(`^${profile}\\b`) });
  }

  /** What the accounts say before anything is made. */
  get preflight(): Locator {
    return this.page.getByRole("region", { name: "Before anything is made" });
  }

  async accounts({ shared = "shared", training = "training", production = "production" }: PipelineAnswers = {}): Promise<void> {
    await this.connection("Shared services", shared).check();
    await this.connection("Training", training).check();
    await this.connection("Production", production).check();
    await this.button("Choose names and model").click();
    await this.at("model");
  }

  /** A hyperparameter: a field with a script, a line of the text without. */
  async hyperparameter(name: string, value: string): Promise<void> {
    const field = this.page.getByRole("textbox", { name: new RegExp(`\\(${name}\\)$`) });
    if (await field.isVisible()) return field.fill(value);
    const text = this.page.getByRole("textbox", { name: "Hyperparameters", exact: true });
    const lines = (await text.inputValue()).split("\n").filter((line) => line && !line.startsWith(`${name}=`));
    await text.fill([...lines, `${name}=${value}`].join("\n"));
  }

  async model(answers: PipelineAnswers = {}): Promise<void> {
    const { prefix = "churn", source = "repository", repository = prefix, bucket, endpoint = prefix, rounds } = answers;
    await this.page.getByRole("textbox", { name: "Prefix" }).fill(prefix);
    if (bucket !== undefined) await this.page.getByRole("textbox", { name: "Bucket" }).fill(bucket);
    await this.page.getByRole("radio", { name: source === "bucket" ? /^A zipped object/ : /^A CodeCommit repository/ }).check();
    if (source === "repository") await this.page.getByRole("textbox", { name: "Repository" }).fill(repository);
    await this.page.getByRole("textbox", { name: "Endpoint name" }).fill(endpoint);
    if (rounds) await this.hyperparameter("num_round", rounds);
    await this.button("Choose data").click();
    await this.at("data");
  }

  /** Gives a table of one's own. */
  async upload(name: string, table: string | Buffer): Promise<void> {
    const field = this.page.getByLabel("CSV file", { exact: true });
    if (!(await field.isVisible())) await this.page.getByText("Use another table").click();
    await field.setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(table) });
    await this.page.getByRole("button", { name: "Upload file" }).click();
  }

  /** The rows of the table of columns, without its heading. */
  get columns(): Locator {
    return this.page.getByRole("region", { name: "Columns" }).locator("tbody tr");
  }

  async data({ table }: PipelineAnswers = {}): Promise<void> {
    if (table) await this.upload(table.name, table.text);
    else await this.page.getByRole("button", { name: "Use the sample" }).click();
    await expect(this.columns.first()).toBeVisible();
    await this.read();
  }

  /** Goes on from a table that was not read yet. One that takes longer is shown as it is read; then it goes on. */
  async read(): Promise<void> {
    await this.button("Review the pipeline").click();
    const read = this.page.getByText("The whole table is read, and can be trained with");
    const review = this.page.getByText("This is everything that Apply will do.");
    await expect(read.or(review).first()).toBeVisible({ timeout: 60_000 });
    if (await read.isVisible()) await this.button("Review the pipeline").click();
    await this.at("review");
  }

  /** All steps up to the review. */
  async toReview(answers: PipelineAnswers = {}): Promise<void> {
    await this.start();
    await this.accounts(answers);
    await this.model(answers);
    await this.data(answers);
  }
}
