// Answers of the sandbox's `echo`, asked for by a plain form: what it gives back is exactly what is sent here, as the type
// that is wanted. No share is needed: the parent account calls its own endpoint.
import { expect, type Locator, type Page } from "@playwright/test";

/** What is sent to `echo`. */
export interface Sent {
  body?: string;
  type?: string;
  accept?: string;
  /** What tells `echo` how to answer; the server sandbox's `echo.rs` lists it. */
  told?: string;
  endpoint?: string;
}

/** The answer's pane. */
export function pane(page: Page): Locator {
  return page.getByRole("region", { name: "Response" });
}

/** Where the playground calls `echo` without a share. */
export function playground(endpoint = "echo"): string {
  return `/playground?through=${encodeURIComponent("direct/eu-west-1/parent")}&endpoint=${endpoint}`;
}

/** Sends it as a browser without a script would, and opens the page that shows what came of it. */
export async function answered(page: Page, origin: string, sent: Sent): Promise<Locator> {
  const { body = "", type = "text/plain", accept = "", told = "", endpoint = "echo" } = sent;
  const reply = await page.request.post(`${origin}/api/invoke_endpoint`, {
    form: {
      through: "direct/eu-west-1/parent",
      endpoint,
      content_type: type,
      accept,
      custom_attributes: told,
      body,
      way: "invoke",
    },
    headers: { accept: "text/html", origin },
    maxRedirects: 0,
  });
  expect(reply.status(), await reply.text()).toBe(302);
  await page.goto(new URL(reply.headers()["location"]!, origin).href);
  return pane(page);
}

/** Bytes as `echo` is sent them. */
export function bytes(...parts: (string | number[] | Uint8Array)[]): Sent {
  const all = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part))));
  return { body: all.toString("base64"), told: "decode=base64" };
}
