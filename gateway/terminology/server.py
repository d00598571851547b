"""A FHIR R4 terminology server, asked page by page for what the policy's roots and reference sets hold.

Source: FHIR R4 ValueSet $expand; SNOMED CT implicit value sets (`?fhir_vs=isa/…`, `?fhir_vs=refset/…`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from policies.files import PolicyFiles
from policies.sensitivity.tables import CodeRow
from policies.sensitivity.trud import known_refsets, known_roots
from policies.sensitivity.valueset import ExpansionError, valueset_rows

SNOMED_URL = "http://snomed.info/sct"
PAGE = 1000
MOST_PAGES = 1000
SECONDS = 60.0


class TerminologyError(ValueError):
    """The server cannot be asked, or does not answer as it should; names the server's part at fault."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An implicit value set and the category that its codes reveal."""

    value_set: str
    category: str


def wanted(files: PolicyFiles) -> list[Wanted]:
    """What is asked for: the concepts below each root, and the members of each reference set."""
    below = [Wanted(f"isa/{code}", category) for code, category in known_roots(files).items()]
    return below + [Wanted(f"refset/{code}", category) for code, category in known_refsets(files).items()]


def server_rows(
    client: httpx.Client, one: Wanted, recognise: Callable[[str], str | None], version: str | None
) -> Iterator[CodeRow]:
    """The codes of one value set. `version` is a SNOMED CT edition's URI, None for the server's default.

    Raises TerminologyError.
    """
    edition = version or SNOMED_URL
    url = f"{edition}?fhir_vs={one.value_set}"
    contains: list[Any] = []
    for _ in range(MOST_PAGES):
        page = _expand(client, url, len(contains))
        found = page.get("expansion", {}).get("contains", [])
        contains += found
        total = page.get("expansion", {}).get("total")
        if not found or (isinstance(total, int) and len(contains) >= total) or (total is None and len(found) < PAGE):
            break
    whole = {
        "resourceType": page.get("resourceType"),
        "url": url,
        "expansion": {"contains": contains, "total": total},
    }
    try:
        yield from valueset_rows(whole, one.category, recognise)
    except ExpansionError as error:
        raise TerminologyError(f"{one.value_set}: {error}") from None


def _expand(client: httpx.Client, url: str, offset: int) -> dict[str, Any]:
    name = url.rpartition("=")[2]
    query: dict[str, str | int] = {"url": url, "count": PAGE, "offset": offset, "activeOnly": "false"}
    try:
        reply = client.get("ValueSet/$expand", params=query)
    except httpx.HTTPError as error:
        raise TerminologyError(f"{name}: the server cannot be reached ({type(error).__name__})") from None
    if reply.status_code != httpx.codes.OK:
        raise TerminologyError(f"{name}: the server answered {reply.status_code}")
    try:
        page = reply.json()
    except ValueError:
        page = None
    if not isinstance(page, dict) or not isinstance(page.get("expansion"), dict):
        raise TerminologyError(f"{name}: the answer is no expanded ValueSet")
    return page


def terminology_client(base_url: str, token: str | None) -> httpx.Client:
    """A client for the server. `token` is an access token, where the server wants one."""
    headers = {"accept": "application/fhir+json"} | ({"authorization": f"Bearer {token}"} if token else {})
    return httpx.Client(base_url=f"{base_url.rstrip('/')}/", headers=headers, timeout=SECONDS)
