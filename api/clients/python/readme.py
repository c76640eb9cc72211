import os

from interviewer_client import AuthenticatedClient
from interviewer_client.api.candidates import list_candidates
from interviewer_client.models import CandidatePage

url = os.environ.get("API_URL", "http://localhost:8000")
client = AuthenticatedClient(base_url=url, token=os.environ["API_KEY"])  # aip_live_…, or an access token
page = list_candidates.sync(client=client, tag=["python"], limit=10)
if not isinstance(page, CandidatePage):
    raise SystemExit(f"{page.code}: {page.detail}" if page else "unexpected response")
for candidate in page.data:
    print(candidate.first_name, candidate.last_name, candidate.status)
