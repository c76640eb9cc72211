import createClient from "openapi-fetch";
import type { paths } from "./generated/schema.js";

const { API_URL: baseUrl = "http://localhost:8000", API_KEY } = process.env; // aip_live_…, or an access token
const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${API_KEY}` } });

const { data, error } = await api.GET("/api/v1/candidates", { params: { query: { tag: ["python"], limit: 10 } } });
if (error) throw new Error(`${error.code}: ${error.detail}`);
for (const candidate of data.data) console.log(candidate.first_name, candidate.last_name, candidate.status);
