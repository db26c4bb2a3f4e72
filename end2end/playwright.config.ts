// The browser tests: each worker has a console of its own, so tests may change whatever they like in its accounts.
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "tests",
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  workers: 2,
  timeout: 150_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  outputDir: "test-results",
  use: {
    browserName: "chromium",
    viewport: { width: 1280, height: 900 },
    locale: "en-GB",
    timezoneId: "Europe/Brussels",
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.CHROME || "/usr/bin/chromium",
      // Chromium's own sandbox needs rights that a container's root does not have.
      args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
    },
  },
});
