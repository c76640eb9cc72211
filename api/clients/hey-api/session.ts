import { setTimeout } from "node:timers/promises";
import { createClient, type Client } from "./generated/client/index.js";
import { changePassword, listUsers, login, type Problem } from "./generated/index.js";

const { API_URL: baseUrl = "http://localhost:8000" } = process.env;

export const password = "copper-lantern-drifts-north";

/** A result of a generated function: the data, or the problem. */
interface Result<T> {
  data: T | undefined;
  error: Problem | undefined;
  response: Response;
}

/** ok returns the data of a successful response, and throws an error for any other. */
export function ok<T>({ data, error, response }: Result<T>): T {
  if (data === undefined) {
    throw new Error(`${response.url}: ${response.status} ${JSON.stringify(error)}`);
  }
  return data;
}

/** rejected returns the problem, and throws an error if the response has another status or code. */
export function rejected({ error, response }: Result<unknown>, status: number, code: string): Problem {
  equal([response.status, error?.status, error?.code], [status, status, code], response.url);
  if (!error || !response.headers.get("Content-Type")?.startsWith("application/problem+json")) {
    throw new Error(`${response.url}: the response ${status} is not a problem document`);
  }
  return error;
}

export function equal(got: unknown, want: unknown, what: string): void {
  if (JSON.stringify(got) !== JSON.stringify(want)) {
    throw new Error(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  }
}

export function check(truth: boolean, what: string): void {
  if (!truth) throw new Error(`not true: ${what}`);
}

export function etag({ response }: { response: Response }): string {
  const tag = response.headers.get("ETag");
  if (!tag) throw new Error(`${response.url}: no ETag`);
  return tag;
}

/** anonymous returns a client without credentials. */
export function anonymous(): Client {
  return createClient({ baseUrl });
}

/** signIn returns a client that sends the access token of a user. It waits and retries if the service is busy. */
export async function signIn(email: string, secret = password, tries = 5): Promise<Client> {
  const result = await login({ client: anonymous(), body: { email, password: secret } });
  const wait = result.response.headers.get("Retry-After");
  if (result.response.status === 503 && wait && tries > 1) {
    await setTimeout(Number(wait) * 1000);
    return signIn(email, secret, tries - 1);
  }
  const pair = ok(result);
  return createClient({ baseUrl, auth: () => pair.access_token });
}

/** firstSignIn changes the initial password of a user, without which nothing else is possible, and signs in again. */
export async function firstSignIn(email: string, initial: string): Promise<Client> {
  const client = await signIn(email, initial);
  rejected(await listUsers({ client }), 403, "password_change_required");
  equal((await changePassword({ client, body: { current_password: initial, new_password: password } })).response.status,
    204, "the changed password");
  return signIn(email);
}
