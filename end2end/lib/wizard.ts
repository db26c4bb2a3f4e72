// The share wizard as a person walks it: by roles and labels only, with and without JavaScript.
import { expect, type Locator, type Page } from "@playwright/test";

/** What a share is made from; the defaults are the first walk's. */
export interface Answers {
  parent?: string;
  child?: string;
  /** Names, or all there are in the region. */
  endpoints?: string[] | "all";
  callers?: string[];
  policyName?: string;
  roleName?: string;
  grantName?: string;
}

/** The wizard on a page. */
export class ShareWizard {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** From anywhere to the first step. */
  async start(): Promise<void> {
    await this.page.goto("/shares");
    await this.page.getByRole("main").getByRole("button", { name: "Share an endpoint" }).first().click();
    await this.at("parent");
  }

  /** Waits for a step. */
  async at(step: string): Promise<void> {
    await expect(this.page).toHaveURL(new RegExp(`/shares/(new|edit|accept)/[^/]+/${step}(\\?.*)?$`));
    await expect(this.page.getByRole("heading", { level: 1 })).toBeVisible();
  }

  /** The bar's buttons; the page may show others of the same name. */
  button(name: string | RegExp): Locator {
    return this.page.getByRole("group", { name: "Actions" }).getByRole("button", { name });
  }

  /** A connection's card, found by its profile and its account. */
  connection(group: string, profile: string): Locator {
    return this.page.getByRole("group", { name: group, exact: true }).getByRole("radio", { name: new RegExp(`^${profile}\\b`) });
  }

  async parent({ parent = "parent" }: Answers = {}): Promise<void> {
    await this.connection("Parent account", parent).check();
    await this.button("Choose endpoints").click();
    await this.at("endpoints");
  }

  async endpoints({ endpoints = ["churn-classifier", "echo"] }: Answers = {}): Promise<void> {
    await this.page.getByRole("radio", { name: endpoints === "all" ? /^All in/ : /^Chosen endpoints/ }).check();
    for (const name of endpoints === "all" ? [] : endpoints) await this.page.getByRole("checkbox", { name: new RegExp(`^${name}\\b`) }).check();
    await this.button("Choose callers").click();
    await this.at("callers");
  }

  async callers({ child = "child", callers = ["scoring-lambda"] }: Answers = {}): Promise<void> {
    await this.connection("Child account", child).check();
    // Without JavaScript the list comes with the next page.
    const show = this.page.getByRole("button", { name: "Show callers" });
    if (await show.isVisible()) await show.click();
    await this.page.getByRole("radio", { name: /^Named roles and users/ }).check();
    for (const name of callers) await this.page.getByRole("checkbox", { name: new RegExp(`^${name}\\b`) }).check();
    await expect(this.page.getByRole("checkbox", { name: "Let this console call too" })).toBeChecked();
    await this.button("Set up the role").click();
    await this.at("role");
  }

  async role({ policyName, roleName }: Answers = {}): Promise<void> {
    const policy = this.page.getByRole("textbox", { name: "Policy" });
    const role = this.page.getByRole("textbox", { name: "Role" });
    if (policyName) await policy.fill(policyName);
    if (roleName) await role.fill(roleName);
    await expect(policy).toHaveValue(policyName ?? "SageMakerExternalInvokeEndpoint");
    await expect(role).toHaveValue(roleName ?? "SageMakerExternal");
    await expect(this.page.getByRole("checkbox", { name: "Require an external ID" })).toBeChecked();
    await expect(this.page.getByRole("textbox", { name: "External ID" })).not.toHaveValue("");
    await this.button("Set up the child").click();
    await this.at("child");
  }

  async child({ grantName, callers = ["scoring-lambda"] }: Answers = {}): Promise<void> {
    const policy = this.page.getByRole("textbox", { name: "Policy" });
    if (grantName) await policy.fill(grantName);
    await expect(policy).toHaveValue(grantName ?? "AllowAssumeSagemakerExternalRole");
    for (const name of callers) await this.page.getByRole("checkbox", { name: new RegExp(`^${name}\\b`) }).check();
    await this.button("Review the share").click();
    await this.at("review");
  }

  /** All steps up to the review. */
  async toReview(answers: Answers = {}): Promise<void> {
    await this.start();
    await this.parent(answers);
    await this.endpoints(answers);
    await this.callers(answers);
    await this.role(answers);
    await this.child(answers);
  }

  /** Starts the run. */
  async apply(): Promise<void> {
    await this.button(/^Apply \d+ changes?$/).click();
    await this.at("apply");
  }

  /** Waits until every step is done. */
  async applied(): Promise<void> {
    await expect(this.page.getByText(/^(All \d+ steps are|The one step is) done\.$/)).toBeVisible({ timeout: 30_000 });
  }

  /** Goes on to the proofs, and waits until they are made. */
  async verify(): Promise<void> {
    await this.button("Verify the share").click();
    await this.at("verify");
    await this.verified();
  }

  async verified(): Promise<void> {
    const works = this.page.getByText("The share works, and calls it does not allow are denied.");
    await expect(works).toBeVisible({ timeout: 60_000 });
  }

  /** The whole walk. */
  async share(answers: Answers = {}): Promise<void> {
    await this.toReview(answers);
    await this.apply();
    await this.applied();
    await this.verify();
  }
}
