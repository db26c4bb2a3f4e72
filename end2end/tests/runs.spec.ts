// Runs: a step that fails, a tab that closes, a server that crashes, two people at once.
import { expect, test } from "../lib/test.ts";
import type { Fault } from "../lib/console.ts";
import { ShareWizard } from "../lib/wizard.ts";

/** Holds a run up in its middle: some steps are done, some are not. */
const slow = (ms: number): Fault => ({
  service: "iam",
  operation: "AttachRolePolicy",
  account: "111111111111",
  effect: { kind: "latency", ms },
  times: 1,
});

test("a failed step says what failed and why, and a retry finishes the run", async ({ freshPage: page, fresh }) => {
  await fresh.fault({
    service: "iam",
    operation: "CreateRole",
    account: "111111111111",
    effect: { kind: "error", status: 403, code: "AccessDenied", message: "User: admin is not authorized to perform: iam:CreateRole" },
  });
  const wizard = new ShareWizard(page);
  await wizard.toReview();
  await wizard.apply();
  const alert = page.getByRole("alert").filter({ hasText: "AccessDenied" });
  await expect(alert).toContainText("not authorized to perform: iam:CreateRole", { timeout: 30_000 });
  await expect(page.getByText(/failed in account 111111111111/)).toBeVisible();

  await fresh.clearFaults();
  await alert.getByRole("button", { name: "Retry failed step" }).click();
  await wizard.applied();
  await wizard.verify();
});

test("closing the tab during apply does not stop it, and coming back shows where it is", async ({ freshPage: page, fresh }) => {
  await fresh.fault(slow(8_000));
  const wizard = new ShareWizard(page);
  await wizard.toReview();
  await wizard.apply();
  await expect(page.getByText(/^Making the changes: [1-9] of \d done\.$/)).toBeVisible();
  const address = page.url();
  const context = page.context();
  await page.close();

  const again = await context.newPage();
  await again.goto(address);
  await new ShareWizard(again).applied();
});

test("a server that crashes during apply finishes the run when it is back", async ({ start, open, trouble }) => {
  // The page loses its stream while the server is away.
  trouble.allow(/ERR_(CONNECTION_REFUSED|INCOMPLETE_CHUNKED_ENCODING|CONNECTION_RESET|EMPTY_RESPONSE)/);
  // On a busy machine the page's own part of the script may still be on its way then; what the server wrote stays.
  trouble.allow(/Failed to fetch|load callback should succeed|^on \/shares\/new\/\S+\nexception: unreachable/);
  const first = await start();
  const page = await open(first);
  await first.fault(slow(60_000));
  const wizard = new ShareWizard(page);
  await wizard.toReview();
  await wizard.apply();
  await expect(page.getByText(/^Making the changes: [1-9] of \d done\.$/)).toBeVisible();
  await first.stop("SIGKILL");

  const second = await start({ dataDir: first.dataDir });
  const again = await open(second);
  await again.goto(new URL(page.url()).pathname);
  await new ShareWizard(again).applied();
});

test("of two people who apply the same share at once one goes ahead and the other is told", async ({ freshPage: page, fresh, trouble }) => {
  const mine = new ShareWizard(page);
  await mine.toReview();
  const theirs = new ShareWizard(await page.context().newPage());
  await theirs.toReview();
  await fresh.fault(slow(8_000));
  trouble.allow(/409/);

  await mine.apply();
  await theirs.button(/^Apply/).click();
  await expect(theirs.page.getByRole("alert").filter({ hasText: "The share was not applied" })).toBeVisible();
  await mine.applied();
});
