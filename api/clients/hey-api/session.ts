import { setTimeout } from "node:timers/promises";
import { createClient, type Client } from "./generated/client/index.js";
import { login, type Problem } from "./generated/index.js";

const { API_URL: baseUrl = "http://localhost:8000" } = process.env;

export const password = "copper-lantern-drifts-north";

/** What a function of the client answers: data of the operation's type, or the problem. */
interface Answer<T> {
  data: T | undefined;
  error: Problem | undefined;
  response: Response;
}

/** ok gives what was asked for, and ends the journey where it was refused. */
export function ok<T>({ data, error, response }: Answer<T>): T {
  if (data === undefined) {
    throw new Error(`${response.url}: ${response.status} ${JSON.stringify(error)}`);
  }
  return data;
}

/** refused gives the problem, and ends the journey where it is another or none. */
export function refused({ error, response }: Answer<unknown>, status: number, code: string): Problem {
  same([response.status, error?.status, error?.code], [status, status, code], response.url);
  if (!error || !response.headers.get("Content-Type")?.startsWith("application/problem+json")) {
    throw new Error(`${response.url}: no problem document came with ${status}`);
  }
  return error;
}

export function same(got: unknown, want: unknown, what: string): void {
  if (JSON.stringify(got) !== JSON.stringify(want)) {
    throw new Error(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  }
}

export function holds(truth: boolean, what: string): void {
  if (!truth) throw new Error(`it does not hold that ${what}`);
}

export function etag({ response }: { response: Response }): string {
  const tag = response.headers.get("ETag");
  if (!tag) throw new Error(`${response.url}: no ETag`);
  return tag;
}

/** anonymous gives a client that is nobody. */
export function anonymous(): Client {
  return createClient({ baseUrl });
}

/** signIn gives a client that sends the person's access token. A busy service is asked again when it says so. */
export async function signIn(email: string, secret = password, tries = 5): Promise<Client> {
  const answer = await login({ client: anonymous(), body: { email, password: secret } });
  const wait = answer.response.headers.get("Retry-After");
  if (answer.response.status === 503 && wait && tries > 1) {
    await setTimeout(Number(wait) * 1000);
    return signIn(email, secret, tries - 1);
  }
  const pair = ok(answer);
  return createClient({ baseUrl, auth: () => pair.access_token });
}
