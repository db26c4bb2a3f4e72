// Bundles the editor into one module among the site's assets. `cargo xtask` runs it.
import { readFileSync } from "node:fs";
import { build } from "esbuild";

// All that is bundled is under the MIT licence, which asks to go along: these two name all the authors.
const [licence, grammar] = ["@codemirror/view", "@lezer/json"].map((name) =>
  readFileSync(new URL(`node_modules/${name}/LICENSE`, import.meta.url), "utf8").trim(),
);
const by = grammar.split("\n").filter((line) => line.startsWith("Copyright"));

await build({
  entryPoints: ["src/editor.ts"],
  outfile: process.argv[2],
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  legalComments: "none",
  banner: { js: `/* CodeMirror, Lezer and their parts; the grammar of JSON: ${by.join(", ")}\n${licence}\n*/` },
});
