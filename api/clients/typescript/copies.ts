import { existsSync, readFileSync, writeFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { paths } from "./generated/schema.js";

const { API_URL: baseUrl = "http://localhost:8000", API_KEY, COPIES = "copies.json" } = process.env;
const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${API_KEY}` } });
const lists = { candidate: "/api/v1/candidates", application: "/api/v1/applications" } as const;
type Copied = keyof typeof lists;
type State = { cursor: string; copies: Record<Copied, Record<string, unknown>> };
const copied = Object.keys(lists) as Copied[];

async function list(type: Copied, query: { limit?: number; cursor?: string; id?: string[] }) {
  const { data, error } = await api.GET(lists[type], { params: { query } });
  if (!data) throw new Error(`${error.code}: ${error.detail}`);
  return data;
}

async function start(): Promise<State> {
  const { data: first, error } = await api.GET("/api/v1/events"); // the position comes before the lists
  if (!first) throw new Error(`${error.code}: ${error.detail}`);
  const state: State = { cursor: first.next_cursor, copies: { candidate: {}, application: {} } };
  for (const type of copied) {
    let page = await list(type, { limit: 200 });
    for (const entry of page.data) state.copies[type][entry.id] = entry;
    while (page.next_cursor) {
      page = await list(type, { limit: 200, cursor: page.next_cursor });
      for (const entry of page.data) state.copies[type][entry.id] = entry;
    }
  }
  return state;
}

let state: State = existsSync(COPIES) ? JSON.parse(readFileSync(COPIES, "utf8")) : await start();
for (let more = true; more; ) {
  const { data, error, response } = await api.GET("/api/v1/events", {
    params: { query: { limit: 100, cursor: state.cursor } },
  });
  if (response.status === 410) {
    state = await start();
    break;
  }
  if (!data) throw new Error(`${error?.code}: ${error?.detail}`);
  for (const type of copied) {
    const changed = data.data.filter((event) => event.resource.type === type);
    const id = [...new Set(changed.map((event) => event.resource.id))];
    for (const resource of id) delete state.copies[type][resource];
    if (id.length === 0) continue;
    for (const entry of (await list(type, { id })).data) state.copies[type][entry.id] = entry;
  }
  state.cursor = data.next_cursor;
  more = data.has_more;
}
writeFileSync(COPIES, JSON.stringify(state));
console.log(Object.keys(state.copies.candidate).length, "candidates,", Object.keys(state.copies.application).length, "applications");
