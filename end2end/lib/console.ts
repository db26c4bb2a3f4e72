// Starts the real binary on its sandbox, in a folder of its own, on free ports.
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { Account } from "./aws.ts";

/** How a console is started. */
export interface ConsoleOptions {
  /** Adds so many endpoints and roles, to try long lists. */
  seedMany?: number;
  /** A data folder that is there already; without it a new one that goes with the console. */
  dataDir?: string;
  /** AWS's shared files to use instead of a sandbox of its own, as on a machine with real accounts. */
  aws?: SharedFiles;
}

/** AWS's shared files, and where the accounts they lead to are. */
export interface SharedFiles {
  credentials: string;
  config: string;
  sandbox: URL;
}

/** A rule by which the sandbox misbehaves; docs/sandbox.md tells all of it. */
export interface Fault {
  service?: "sts" | "iam" | "sagemaker" | "lambda" | "runtime" | "codecommit" | "events";
  operation?: string;
  account?: string;
  effect:
    | { kind: "throttle" }
    | { kind: "error"; status?: number; code?: string; message?: string }
    | { kind: "latency"; ms: number }
    | { kind: "lose_reply" };
  skip?: number;
  times?: number;
}

/** Delays of the sandbox, in milliseconds. */
export interface Settings {
  iam_propagation_ms?: number;
  endpoint_creation_ms?: number;
  endpoint_update_ms?: number;
  function_activation_ms?: number;
  training_phase_ms?: number;
  deployment_second_ms?: number;
  state_wait_ms?: number;
  pipeline_poll_ms?: number;
  pipeline_continuation_ms?: number;
}

/** A running console. */
export class RunningConsole {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** The sandbox's own address. */
  readonly sandbox: string;
  /** The address that the first visit opens: it works once. */
  readonly launch: string;
  readonly dataDir: string;
  readonly #process: ChildProcess;
  readonly #log: string[];
  readonly #ownsDir: boolean;
  readonly #output: Interface;

  private constructor(
    at: { console: URL; sandbox: URL; token: string; dataDir: string; ownsDir: boolean; log: string[]; output: Interface },
    process: ChildProcess,
  ) {
    this.origin = at.console.origin;
    this.sandbox = at.sandbox.origin;
    this.launch = `${this.origin}/launch?token=${at.token}`;
    this.dataDir = at.dataDir;
    this.#process = process;
    this.#log = at.log;
    this.#ownsDir = at.ownsDir;
    this.#output = at.output;
  }

  static async start(options: ConsoleOptions = {}): Promise<RunningConsole> {
    const binary = process.env["SAGEBRIDGE_BIN"];
    if (!binary) throw new Error("SAGEBRIDGE_BIN names no binary; run the tests with `cargo xtask test`");
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "sagebridge-e2e-")));
    const token = randomBytes(24).toString("hex");
    const many = options.seedMany ? ["--seed-many", String(options.seedMany)] : [];
    const { aws } = options;
    const own = aws ? [] : ["--sandbox"];
    const files = aws ? { AWS_SHARED_CREDENTIALS_FILE: aws.credentials, AWS_CONFIG_FILE: aws.config } : {};
    const child = spawn(binary, ["serve", ...own, "--listen", "127.0.0.1:0", "--data-dir", dataDir, ...many], {
      env: { ...process.env, ...files, SAGEBRIDGE_LAUNCH_TOKEN: token },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const log: string[] = [];
    createInterface({ input: child.stderr! }).on("line", (line) => log.push(line));
    const output = createInterface({ input: child.stdout! });
    const found = await addresses(child, output, log, aws ? ["console"] : ["console", "sandbox"]);
    const [console, sandbox] = [found.get("console")!, aws?.sandbox ?? found.get("sandbox")!];
    return new RunningConsole({ console, sandbox, token, dataDir, ownsDir: options.dataDir === undefined, log, output }, child);
  }

  /** Asks for another launch address, as a second person would have to: none is printed by itself. */
  async anotherLaunch(): Promise<string> {
    const printed = new Promise<string>((resolve) => this.#output.once("line", resolve));
    this.#process.kill("SIGHUP");
    return (await printed).replace(/^console: /, "");
  }

  /** What it logged so far. */
  get log(): string {
    return this.#log.join("\n");
  }

  /** An account's administrator, speaking to the sandbox without the console. */
  account(profile: string): Promise<Account> {
    return Account.open(this.sandbox, join(this.dataDir, "sandbox", "credentials"), profile);
  }

  /** Sets a fault switch. */
  async fault(fault: Fault): Promise<void> {
    await this.#control("POST", "/_sandbox/faults", fault);
  }

  /** Clears all fault switches. */
  async clearFaults(): Promise<void> {
    await this.#control("DELETE", "/_sandbox/faults");
  }

  /** Replaces the sandbox's delays. */
  async settings(settings: Settings): Promise<void> {
    await this.#control("PUT", "/_sandbox/settings", settings);
  }

  async #control(method: string, path: string, body?: unknown): Promise<void> {
    const response = await fetch(this.sandbox + path, {
      method,
      ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  }

  /** Ends it as Ctrl-C would, and waits for that. `kill` ends it as a crash would. */
  async stop(how: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const gone = new Promise((resolve) => this.#process.once("exit", resolve));
      this.#process.kill(how);
      await gone;
    }
    // After a crash the folder is what the next one goes on from.
    if (this.#ownsDir && how === "SIGTERM") await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** Waits for lines such as `console: URL` and `sandbox: URL`. */
export function addresses(
  child: ChildProcess,
  output: Interface,
  log: string[],
  wanted: string[],
): Promise<Map<string, URL>> {
  return new Promise((resolve, reject) => {
    const found = new Map<string, URL>();
    const fail = (why: string) => {
      child.kill("SIGKILL");
      reject(new Error(`the console ${why}\n${log.join("\n")}`));
    };
    const timer = setTimeout(() => fail("printed no address within a minute"), 60_000);
    child.once("error", (error) => fail(`could not be started: ${error.message}`));
    child.once("exit", (code) => fail(`ended with ${code} before it printed its addresses`));
    output.on("line", (line) => {
      const match = /^(console|sandbox): (\S+)$/.exec(line);
      if (match) found.set(match[1]!, new URL(match[2]!));
      if (!wanted.every((name) => found.has(name))) return;
      clearTimeout(timer);
      child.removeAllListeners("exit");
      output.removeAllListeners("line");
      resolve(found);
    });
  });
}
