import { setTimeout } from "node:timers/promises";
import createClient from "openapi-fetch";
import type { Client } from "openapi-fetch";
import type { paths, Problem } from "./generated/schema.js";

const { API_URL: baseUrl = "http://localhost:8000" } = process.env;

export const password = "copper-lantern-drifts-north";

/** What openapi-fetch answers: data of the operation's type, or the problem. */
interface Answer<T> {
  data?: T | undefined;
  error?: Problem | undefined;
  response: Response;
}

/** ok gives what was asked for, and ends the journey where it was refused. */
export function ok<T>({ data, error, response }: Answer<T>): NonNullable<T> {
  if (data === undefined || data === null) {
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
export function anonymous(): Client<paths> {
  return createClient<paths>({ baseUrl });
}

/** signIn gives a client that sends the person's access token. A busy service is asked again when it says so. */
export async function signIn(email: string, secret = password, tries = 5): Promise<Client<paths>> {
  const answer = await anonymous().POST("/api/v1/auth/login", { body: { email, password: secret } });
  const wait = answer.response.headers.get("Retry-After");
  if (answer.response.status === 503 && wait && tries > 1) {
    await setTimeout(Number(wait) * 1000);
    return signIn(email, secret, tries - 1);
  }
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${ok(answer).access_token}` } });
}
