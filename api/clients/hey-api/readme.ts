import { createClient } from "./generated/client/index.js";
import { listCandidates } from "./generated/index.js";

const { API_URL: baseUrl = "http://localhost:8000", API_KEY } = process.env; // aip_live_…, or an access token
const client = createClient({ baseUrl, auth: () => API_KEY });

const { data, error } = await listCandidates({ client, query: { tag: ["python"], limit: 10 } });
if (!data) throw new Error(`${error.code}: ${error.detail}`);
for (const candidate of data.data) console.log(candidate.first_name, candidate.last_name, candidate.status);
