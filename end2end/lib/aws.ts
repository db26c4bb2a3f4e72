// The least of an AWS client: signed calls to IAM, to arrange accounts and to look at them behind the console's back.
import { createHash, createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/** An account, through its administrator. */
export class Account {
  readonly #endpoint: string;
  readonly #key: string;
  readonly #secret: string;

  private constructor(endpoint: string, key: string, secret: string) {
    this.#endpoint = endpoint;
    this.#key = key;
    this.#secret = secret;
  }

  /** Reads a profile from a shared credentials file. */
  static async open(endpoint: string, file: string, profile: string): Promise<Account> {
    const section = (await readFile(file, "utf8")).split(/^\[/m).find((part) => part.startsWith(`${profile}]`));
    const value = (name: string) => new RegExp(`^${name}\\s*=\\s*(\\S+)`, "m").exec(section ?? "")?.[1];
    const [key, secret] = [value("aws_access_key_id"), value("aws_secret_access_key")];
    if (!key || !secret) throw new Error(`${file} has no keys for profile ${profile}`);
    return new Account(endpoint, key, secret);
  }

  /** One call to IAM in its query protocol; gives the answer's XML. */
  async iam(action: string, params: Record<string, string> = {}): Promise<string> {
    const body = new URLSearchParams({ Action: action, Version: "2010-05-08", ...params }).toString();
    const response = await fetch(`${this.#endpoint}/`, { method: "POST", headers: this.#sign(body), body });
    const text = await response.text();
    if (!response.ok) throw new Error(`${action}: ${response.status} ${text}`);
    return text;
  }

  /** The names in a list: `names("ListRoles", "RoleName")`. */
  async names(action: string, element: string, params: Record<string, string> = {}): Promise<string[]> {
    const xml = await this.iam(action, params);
    return [...xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, "g"))].map((match) => match[1]!);
  }

  /** Everything that a share could leave behind, as text that two moments can be compared by. */
  async inventory(): Promise<string> {
    const roles = await this.names("ListRoles", "RoleName", { MaxItems: "1000" });
    const policies = await this.names("ListPolicies", "PolicyName", { Scope: "Local", MaxItems: "1000" });
    const attached = await Promise.all(
      roles.sort().map(async (role) => [role, await this.names("ListAttachedRolePolicies", "PolicyName", { RoleName: role })]),
    );
    return JSON.stringify({ policies: policies.sort(), attached }, null, 1);
  }

  /** Signature Version 4 over the body and three headers. */
  #sign(body: string): Record<string, string> {
    const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");
    const scope = `${time.slice(0, 8)}/us-east-1/iam/aws4_request`;
    const type = "application/x-www-form-urlencoded; charset=utf-8";
    const headers = `content-type:${type}\nhost:${new URL(this.#endpoint).host}\nx-amz-date:${time}\n`;
    const signed = "content-type;host;x-amz-date";
    const request = ["POST", "/", "", headers, signed, sha256(body)].join("\n");
    const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(request)].join("\n");
    const key = scope.split("/").reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${this.#secret}`);
    const signature = hmac(key, toSign).toString("hex");
    return {
      "content-type": type,
      "x-amz-date": time,
      authorization: `AWS4-HMAC-SHA256 Credential=${this.#key}/${scope}, SignedHeaders=${signed}, Signature=${signature}`,
    };
  }
}
