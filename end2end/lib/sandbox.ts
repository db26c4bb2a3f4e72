// The sandbox by itself, for several consoles that share its accounts.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Account } from "./aws.ts";
import { addresses, type SharedFiles } from "./console.ts";

/** A running sandbox. */
export class RunningSandbox {
  readonly url: URL;
  readonly #dir: string;
  readonly #process: ChildProcess;

  private constructor(url: URL, dir: string, process: ChildProcess) {
    this.url = url;
    this.#dir = dir;
    this.#process = process;
  }

  static async start(): Promise<RunningSandbox> {
    const binary = process.env["SAGEBRIDGE_BIN"];
    if (!binary) throw new Error("SAGEBRIDGE_BIN names no binary; run the tests with `cargo xtask test`");
    const dir = await mkdtemp(join(tmpdir(), "sagebridge-e2e-"));
    const child = spawn(binary, ["sandbox", "--listen", "127.0.0.1:0", "--data-dir", dir], { stdio: ["ignore", "pipe", "pipe"] });
    const log: string[] = [];
    createInterface({ input: child.stderr! }).on("line", (line) => log.push(line));
    const found = await addresses(child, createInterface({ input: child.stdout! }), log, ["sandbox"]);
    return new RunningSandbox(found.get("sandbox")!, dir, child);
  }

  /** Shared files with one profile only, as an administrator of one account has them. */
  async only(profile: string): Promise<SharedFiles> {
    const dir = join(this.#dir, `only-${profile}`);
    await mkdir(dir);
    const copy = async (file: string, header: string) => {
      const text = await readFile(join(this.#dir, "sandbox", file), "utf8");
      const section = text.split(/^(?=\[)/m).find((part) => part.startsWith(`[${header}]`));
      if (!section) throw new Error(`${file} has no section ${header}`);
      await writeFile(join(dir, file), section);
      return join(dir, file);
    };
    const credentials = await copy("credentials", profile);
    return { credentials, config: await copy("config", `profile ${profile}`), sandbox: this.url };
  }

  /** An account's administrator, without any console. */
  account(profile: string): Promise<Account> {
    return Account.open(this.url.origin, join(this.#dir, "sandbox", "credentials"), profile);
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGTERM");
    await gone;
    await rm(this.#dir, { recursive: true, force: true });
  }
}
