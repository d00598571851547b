"""Forged GETs. A form or link of another site cannot set headers; ours need one that only code can set.

Fetch standard §2.2.2: `Authorization`, and a JSON `Content-Type`, make a browser ask first (preflight). Every query
needs a bearer token in `Authorization` and no cookie is ever read, so a forged GET has no caller; this rule refuses
it before anything looks at it. `Sec-Fetch-*` (Fetch Metadata) is the browser's own word on where it came from.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.errors import Refusal

_NO_CODE = frozenset({b"navigate", b"no-cors", b"websocket"})


def refuse_forged_get(headers: Mapping[bytes, bytes]) -> None:
    """Raise Refusal for a GET that another site's markup could have caused."""
    site, mode = headers.get(b"sec-fetch-site"), headers.get(b"sec-fetch-mode")
    if site in (b"cross-site", b"same-site") and mode in _NO_CODE:
        raise Refusal("CROSS_SITE_REQUEST")
    if b"cookie" in headers and b"authorization" not in headers:
        raise Refusal("CROSS_SITE_REQUEST")
