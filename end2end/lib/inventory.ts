// What the accounts of a sandbox have, by the file that it keeps it in: nothing can be forgotten to be listed. The server's
// tests of pipelines read it the same way.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
type Fields = { [name: string]: Json };

const ACCOUNTS: [string, string][] = [
  ["111111111111", "parent"],
  ["222222222222", "child"],
  ["333333333333", "shared"],
  ["444444444444", "training"],
  ["555555555555", "production"],
];

function fields(value: Json | undefined): Fields {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
}

/** Takes out what is gone for whoever looks: deleted stacks, keys whose deletion is asked for; and how often IAM was changed. */
function forget(account: Fields): void {
  delete fields(account["iam"])["revision"];
  for (const kind of ["stacks", "keys"]) {
    for (const region of Object.values(fields(account[kind]))) {
      const things = fields(fields(region)[kind]);
      for (const [id, thing] of Object.entries(things)) {
        const { deleted, state } = fields(thing);
        if ((deleted ?? null) !== null || (fields(state)["PendingDeletion"] ?? null) !== null) delete things[id];
      }
    }
  }
}

function walk(value: Json, path: string, all: Set<string>): void {
  if (value === null) return;
  if (typeof value === "object") {
    for (const [name, inner] of Object.entries(value)) walk(inner, `${path} > ${name}`, all);
  } else {
    all.add(`${path} = ${JSON.stringify(value)}`);
  }
}

/** Every value of the sandbox's state below a console's data folder, with the way to it. It confirms what is on disk only. */
export async function everything(dataDir: string): Promise<Set<string>> {
  const state = fields(JSON.parse(await readFile(join(dataDir, "sandbox", "state.json"), "utf8")) as Json);
  const all = new Set<string>();
  for (const [account, name] of ACCOUNTS) {
    const own = fields(fields(state["accounts"])[account]);
    forget(own);
    walk(own, name, all);
  }
  walk(state["buckets"] ?? null, "buckets", all);
  walk(state["organization"] ?? null, "organization", all);
  return all;
}

/** What has come and what has gone, but for values whose ways begin with one of `kept`. */
export function changes(before: Set<string>, after: Set<string>, kept: string[]): string[] {
  const other = (path: string) => !kept.some((begin) => path.startsWith(begin));
  const come = [...after].filter((path) => !before.has(path) && other(path)).map((path) => `+ ${path}`);
  const gone = [...before].filter((path) => !after.has(path) && other(path)).map((path) => `- ${path}`);
  return [...come, ...gone];
}
