// axe-core in the page: accessibility rules, as findings that a person can read.
import type { Page } from "@playwright/test";
import axe from "axe-core";

/** What axe finds on the page: each rule with the elements that break it. */
export async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    const results = await axe.run(document, {
      runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] },
    });
    return results.violations.map(({ id, help, nodes }) => ({
      id,
      help,
      nodes: nodes.map((node) => ({ target: node.target.join(" "), why: node.failureSummary ?? "" })),
    }));
  });
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, why }) => `${id}: ${help}\n  ${target}\n  ${why.replaceAll("\n", "\n  ")}`),
  );
}
