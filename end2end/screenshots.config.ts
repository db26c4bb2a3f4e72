// Pictures of every page, for the README and for looking at them. Not a test: nothing is compared.
import { defineConfig } from "@playwright/test";
import base from "./playwright.config.ts";

export default defineConfig({
  ...base,
  testDir: ".",
  testMatch: "screenshots.ts",
  timeout: 300_000,
  use: { ...base.use, trace: "off", screenshot: "off" },
});
