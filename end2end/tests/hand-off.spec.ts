// Two administrators, a console and an account each: nothing goes between them but two files.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Page } from "@playwright/test";
import { findings } from "../lib/axe.ts";
import { RunningSandbox } from "../lib/sandbox.ts";
import { expect, test as base } from "../lib/test.ts";
import { ShareWizard, type Answers } from "../lib/wizard.ts";

interface Sides {
  sandbox: RunningSandbox;
  parent: Page;
  child: Page;
}

const test = base.extend<{ sandbox: RunningSandbox; sides: Sides }>({
  sandbox: async ({}, use) => {
    const sandbox = await RunningSandbox.start();
    await use(sandbox);
    await sandbox.stop();
  },

  sides: async ({ sandbox, start, open }, use) => {
    const side = async (profile: string) => open(await start({ aws: await sandbox.only(profile) }));
    await use({ sandbox, parent: await side("parent"), child: await side("child") });
  },
});

/** The parent's side, for an account that is known by its number only; ends at the hand-off page. */
async function offered(page: Page, account = "222222222222", names: Answers = {}): Promise<void> {
  const wizard = new ShareWizard(page);
  await wizard.start();
  await wizard.parent();
  await wizard.endpoints({ endpoints: ["churn-classifier"], ...names });
  await page.getByRole("radio", { name: /^By its account ID/ }).check();
  await page.getByRole("textbox", { name: "Child account ID" }).fill(account);
  await page.getByRole("radio", { name: /^The whole account/ }).check();
  await wizard.button("Set up the role").click();
  await wizard.at("role");
  await wizard.role(names);
  await expect(page.getByText("its administrator makes this part")).toBeVisible();
  await wizard.button("Review the share").click();
  await wizard.at("review");
  await expect(page.getByText("The child account is not connected.")).toBeVisible();
  await wizard.apply();
  await wizard.applied();
  await page.getByRole("link", { name: "Hand over share" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Hand-off" })).toBeVisible();
}

/** Downloads a file of the hand-off page. */
async function download(page: Page, name: RegExp): Promise<{ path: string; name: string; text: string }> {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name }).click()]);
  const path = await download.path();
  return { path, name: download.suggestedFilename(), text: await readFile(path, "utf8") };
}

/** Sends a file by a page's form. */
async function send(page: Page, button: string, file: { name: string; text: string }): Promise<void> {
  const payload = { name: file.name, mimeType: "application/json", buffer: Buffer.from(file.text) };
  await page.getByLabel("File", { exact: true }).setInputFiles(payload);
  await page.getByRole("button", { name: button }).click();
}

/** Invokes the shared endpoint from the playground. */
async function invoke(page: Page, share: string): Promise<void> {
  await page.goto(`/playground?through=${share}&endpoint=churn-classifier`);
  await page.getByRole("combobox", { name: "Content type" }).fill("text/csv");
  await page.getByRole("textbox", { name: "Body" }).fill("5,0,0,268.4,121,74.9,201.3,4,13.2");
  await page.getByRole("button", { name: "Invoke endpoint" }).click();
  await expect(page.getByRole("region", { name: "Response" })).toContainText("200", { timeout: 30_000 });
}

/** The child's side, from an offer to a share that is applied. */
async function accept(page: Page, offer: { name: string; text: string }): Promise<void> {
  await page.goto("/accept");
  await send(page, "Open offer", offer);
  const wizard = new ShareWizard(page);
  await wizard.at("callers");
  await page.getByRole("checkbox", { name: /^scoring-lambda\b/ }).check();
  await wizard.button("Set up the policy").click();
  await wizard.at("child");
  await wizard.button("Review the share").click();
  await wizard.at("review");
  await wizard.apply();
  await wizard.applied();
}

for (const [mode, javaScriptEnabled] of [["with JavaScript", true], ["without JavaScript", false]] as const) {
  test.describe(mode, () => {
    test.use({ javaScriptEnabled });

    test("an offer is accepted in the other console, called through, and narrowed to who accepted it", async ({ sides }) => {
      test.setTimeout(240_000);
      const { sandbox, parent, child } = sides;
      await offered(parent);
      const offer = await download(parent, /^Download share-offer/);
      expect(offer.name).toMatch(/^share-offer-[0-9a-f-]+\.json$/);
      for (const program of ["CloudFormation", "Terraform", "AWS CLI"]) {
        if (javaScriptEnabled) await parent.getByRole("tab", { name: program }).first().click();
        await expect(parent.getByRole("link", { name: /^Download .*-child\./ }).filter({ visible: true }).first()).toBeVisible();
      }

      await child.goto("/shares");
      await child.getByRole("main").getByRole("link", { name: "Accept a share" }).click();
      await expect(child.getByRole("heading", { level: 1, name: "Accept a share" })).toBeVisible();
      await send(child, "Open offer", offer);
      const wizard = new ShareWizard(child);
      await wizard.at("callers");
      await expect(child.getByRole("heading", { level: 1, name: "Accept a share" })).toBeVisible();
      if (javaScriptEnabled) expect(await findings(child)).toEqual([]);
      await child.getByRole("checkbox", { name: /^scoring-lambda\b/ }).check();
      await expect(child.getByRole("checkbox", { name: "Let this console call too" })).toBeChecked();
      await wizard.button("Set up the policy").click();
      await wizard.at("child");
      await child.getByRole("textbox", { name: "Policy" }).fill("UseTheirModels");
      await expect(child.getByRole("checkbox", { name: /^scoring-lambda\b/ })).toBeChecked();
      await wizard.button("Review the share").click();
      await wizard.at("review");
      await expect(child.getByText("by the offer: trusts account 222222222222")).toBeVisible();
      if (javaScriptEnabled) expect(await findings(child)).toEqual([]);
      await wizard.apply();
      await wizard.applied();
      await wizard.verify();
      const denied = child.getByRole("region", { name: "Must be denied" });
      await expect(denied).toContainText("Denied for sagebridge-not-shared-1, as it should be");

      await child.getByRole("link", { name: "Hand back acceptance" }).click();
      const acceptance = await download(child, /^Download share-acceptance/);
      if (javaScriptEnabled) expect(await findings(child)).toEqual([]);
      const share = /\/shares\/([^/]+)\/hand-off/.exec(child.url())![1]!;
      await invoke(child, share);

      await parent.reload();
      await send(parent, "Review acceptance", acceptance);
      const review = new ShareWizard(parent);
      await review.at("review");
      await expect(parent.getByRole("heading", { level: 1, name: "Edit a share" })).toBeVisible();
      await expect(parent.getByText("trust policy updated")).toBeVisible();
      await review.button("Apply 1 change").click();
      await review.at("apply");
      await review.applied();
      await parent.goto(`/shares/${share}`);
      await expect(parent.getByText("The administrator of account 222222222222 accepted")).toBeVisible();
      const role = decodeURIComponent(await (await sandbox.account("parent")).iam("GetRole", { RoleName: "SageMakerExternal" }));
      expect(role).toContain("role/scoring-lambda");
      expect(role).not.toContain(":root");
      await invoke(child, share);

      await child.goto(`/shares/${share}/drift`);
      await expect(child.getByText("The parent's side is unknown.", { exact: true })).toBeVisible();
      await child.goto(`/shares/${share}/undo`);
      await child.getByRole("button", { name: "Undo share" }).click();
      // Only once the console has taken it: going elsewhere takes the request along.
      await expect(child).toHaveURL(/\/shares\/[0-9a-f-]+$/);
      await expect(async () => {
        await child.goto(`/shares/${share}`);
        await expect(child.getByText("Undone", { exact: true })).toBeVisible({ timeout: 1_000 });
      }).toPass({ timeout: 30_000 });
    });

    test("of an offer of every endpoint the playground takes any name", async ({ sides }) => {
      const { parent, child } = sides;
      await offered(parent, "222222222222", { endpoints: "all" });
      await accept(child, await download(parent, /^Download share-offer/));
      await child.goto("/playground");
      const endpoint = child.getByRole("combobox", { name: "Endpoint" });
      const choose = child.getByRole("button", { name: "Choose endpoint" });
      await endpoint.fill("no endpoint");
      await choose.click();
      await expect(endpoint).toHaveAttribute("aria-invalid", "true");
      await expect(endpoint).toHaveValue("no endpoint");
      await endpoint.fill("echo");
      await choose.click();
      await expect(child).toHaveURL(/endpoint=echo/);
      // The editor takes the place of the text area that one would type in otherwise.
      if (javaScriptEnabled) await expect(child.locator("body-editor[ready]")).toBeVisible();
      await child.getByRole("textbox", { name: "Body" }).fill("hello");
      await child.getByRole("button", { name: "Invoke endpoint" }).click();
      await expect(child.getByRole("region", { name: "Response" })).toContainText("hello", { timeout: 30_000 });
    });

    test("a file that is damaged, newer or for another account is refused with the reason, and nothing changes", async ({ sides }) => {
      test.setTimeout(120_000);
      const { sandbox, parent, child } = sides;
      await offered(parent);
      const offer = await download(parent, /^Download share-offer/);
      await offered(parent, "333333333333", { roleName: "ForAnother", policyName: "ForAnotherInvoke" });
      const another = await download(parent, /^Download share-offer/);
      const accounts = [await sandbox.account("parent"), await sandbox.account("child")];
      const before = await Promise.all(accounts.map((account) => account.inventory()));
      const refused = async (text: string, reason: RegExp) => {
        await child.goto("/accept");
        await send(child, "Open offer", { name: basename(offer.path), text });
        await expect(child).toHaveURL(/\/accept\?kept=\d+/);
        const field = child.getByRole("textbox", { name: "What the file says" });
        await expect(field).toHaveAccessibleDescription(reason);
        await expect(field).toHaveValue(text);
      };
      await refused(offer.text.slice(0, 300), /The file is cut off.*line \d+, column \d+/);
      await refused(offer.text.replace('"session_seconds": 3600', '"session_seconds": 7200'), /changed since it was made.*checksum/);
      await refused(another.text, /for account 333333333333 .*child_account.* connected to 222222222222/);
      await refused(offer.text.replace('"version": 1', '"version": 9'), /made by a newer Sagebridge.*sagebridge\.version/);
      if (javaScriptEnabled) {
        // Said at the field, before twenty megabytes travel.
        await child.goto("/accept");
        const file = child.getByLabel("File", { exact: true });
        const large = { name: "large.json", mimeType: "application/json", buffer: Buffer.alloc(20_000_000, " ") };
        await expect(async () => {
          await file.setInputFiles(large);
          expect(await file.evaluate((input: HTMLInputElement) => input.validationMessage)).toContain("larger than 64 kB");
        }).toPass();
        await child.getByRole("button", { name: "Open offer" }).click();
        await expect(child).toHaveURL(/\/accept$/);
      }
      // Pasted, and by whoever made it.
      await parent.goto("/accept");
      await parent.getByRole("textbox", { name: "What the file says" }).fill(offer.text);
      await parent.getByRole("button", { name: "Open offer" }).click();
      await expect(parent.getByRole("textbox", { name: "What the file says" })).toHaveAccessibleDescription(/made the offer itself/);
      for (const page of [child, parent]) {
        await page.goto("/shares");
        await expect(page.getByRole("heading", { name: "Go on with" })).toHaveCount(0);
      }
      expect(await Promise.all(accounts.map((account) => account.inventory()))).toEqual(before);
    });
  });
}
