"""Every error that a caller can meet: one table of codes, and the exception that carries one.

    Refusal            the whole request is refused: no `data`, an HTTP status
    FieldError         one place of the answer is null: the rest stands

Messages come from this table or from the caller's own input (names in the document, limits). They never hold
text from an upstream, a stack trace or a value that may identify a patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Scope = Literal["request", "field"]


@dataclass(frozen=True, slots=True)
class Code:
    """One row of the table.

    `status` is the HTTP status of a refusal under `application/graphql-response+json`; `json_status` the one
    under `application/json`, where GraphQL over HTTP keeps 200 for a well-formed request whose document is at
    fault. `remedy` tells the caller's developer what to do and is part of docs/errors.md.
    """

    name: str
    scope: Scope
    status: int
    json_status: int
    message: str
    remedy: str


def _request(name: str, status: int, message: str, remedy: str, json_status: int | None = None) -> Code:
    return Code(name, "request", status, status if json_status is None else json_status, message, remedy)


def _field(name: str, message: str, remedy: str) -> Code:
    return Code(name, "field", 200, 200, message, remedy)


_TABLE = (
    _request(
        "BAD_REQUEST",
        400,
        "The request is not a GraphQL request over HTTP.",
        "Send a JSON object with `query`, and optionally `operationName`, `variables` and `extensions`.",
    ),
    _request("PAYLOAD_TOO_LARGE", 413, "The request body is too large.", "Send a smaller document or fewer variables."),
    _request("REQUEST_TIMEOUT", 408, "The request body did not arrive in time.", "Send the body without a pause."),
    _request(
        "UNSUPPORTED_MEDIA_TYPE",
        415,
        "The request body must be application/json in UTF-8.",
        "Set `Content-Type: application/json` and send the body without a content encoding.",
    ),
    _request(
        "NOT_ACCEPTABLE",
        406,
        "No media type that this endpoint can send is accepted.",
        "Accept `application/graphql-response+json` or `application/json`.",
    ),
    _request("METHOD_NOT_ALLOWED", 405, "This method is not allowed here.", "Use POST; GET is for queries only."),
    _request("NOT_FOUND", 404, "There is nothing at this address.", "The GraphQL endpoint is `/graphql`."),
    _request(
        "CROSS_SITE_REQUEST",
        403,
        "This request could have been forged by another site.",
        "Send GET requests with the `Authorization` header from your own code, not as a link or form.",
    ),
    _request(
        "UNAUTHENTICATED",
        401,
        "The bearer token is missing, expired or not acceptable.",
        "Send exactly one `Authorization: Bearer` header with a valid access token for this gateway.",
    ),
    _request(
        "IDENTITY_UNAVAILABLE",
        503,
        "The issuer's keys cannot be read at present.",
        "Try again shortly; the token itself may be in order.",
    ),
    _request(
        "OVERLOADED",
        503,
        "The gateway has as many requests in hand as it can serve.",
        "Try again after the seconds in `Retry-After`.",
    ),
    _request(
        "GRAPHQL_PARSE_FAILED",
        400,
        "The document is not GraphQL.",
        "Mend the document's syntax.",
        json_status=200,
    ),
    _request(
        "GRAPHQL_VALIDATION_FAILED",
        400,
        "The document does not fit the schema that you may see.",
        "Check fields, arguments and types against the published schema for your role.",
        json_status=200,
    ),
    _request(
        "OPERATION_TOO_LARGE",
        400,
        "The operation is larger than this gateway accepts.",
        "Ask for less at once: fewer fields, aliases or levels, or smaller pages.",
        json_status=200,
    ),
    _request(
        "OPERATION_RESOLUTION_FAILURE",
        400,
        "It is not clear which operation to run.",
        "Name one operation of the document in `operationName`.",
        json_status=200,
    ),
    _request(
        "TRUSTED_DOCUMENT_REQUIRED",
        400,
        "This client may send only documents of its published manifest.",
        "Send the document's hash, and publish the manifest before the app.",
        json_status=200,
    ),
    _request(
        "PERSISTED_QUERY_NOT_FOUND",
        400,
        "No trusted document has this hash.",
        "Publish the manifest that holds the document; documents are never registered by a request.",
        json_status=200,
    ),
    _request(
        "AUDIT_UNAVAILABLE",
        503,
        "The access could not be recorded, so nothing is answered.",
        "Try again shortly; no record leaves without its audit entry.",
    ),
    _request(
        "REGISTRY_UNAVAILABLE",
        503,
        "The opt-out registry cannot be read, so nothing is answered.",
        "Try again shortly.",
    ),
    _request("INTERNAL_ERROR", 500, "The gateway failed.", "Report the `X-Request-Id` of the answer."),
    _request(
        "BAD_USER_INPUT",
        400,
        "A value does not fit its type.",
        "Check variables and arguments against their types; NHS numbers need a right check digit.",
        json_status=200,
    ),
    _request(
        "FORBIDDEN",
        403,
        "Your role may not see this.",
        "`extensions.rule` names the line of policy; ask the information-governance lead.",
    ),
    _request(
        "RATE_LIMITED",
        429,
        "You have opened more records in a short time than your role allows.",
        "Wait a minute. Records that you have already opened stay within reach.",
    ),
    _field(
        "PATIENT_NOT_AVAILABLE",
        "No record is available for this person.",
        "Nothing can be done with this account; the answer is the same whatever the reason.",
    ),
    _field("SOURCE_TIMEOUT", "An organisation did not answer in time.", "Ask again, or look into its own system."),
    _field("SOURCE_UNAVAILABLE", "An organisation's system is not reachable.", "Look into its own system."),
    _field("SOURCE_REFUSED", "An organisation refused the request.", "Its integration engineer can say why."),
    _field(
        "SOURCE_MALFORMED",
        "An organisation's answer could not be understood.",
        "Its integration engineer sees the detail with `joinup` and in the gateway's log.",
    ),
)

CODES: Mapping[str, Code] = {code.name: code for code in _TABLE}


class Refusal(Exception):
    """The request is refused as a whole. `code` is a name of the table; `message` replaces the table's text."""

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        headers: tuple[tuple[str, str], ...] = (),
        locations: tuple[tuple[int, int], ...] = (),
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        self.code = CODES[code]
        self.message = message or self.code.message
        self.headers = headers
        self.locations = locations
        self.extensions = extensions or {}
        super().__init__(f"{code}: {self.message}")

    def as_error(self) -> dict[str, Any]:
        """The entry of `errors`, as the specification shapes it."""
        return error_entry(self.code.name, self.message, locations=self.locations, extensions=self.extensions)


class RefusalGroup(Refusal):
    """Several errors of one code, as validation yields them."""

    def __init__(self, code: str, members: tuple[Refusal, ...]) -> None:
        super().__init__(code, members[0].message if members else None)
        self.members = members


def error_entry(
    code: str,
    message: str | None = None,
    *,
    path: tuple[str | int, ...] | None = None,
    locations: tuple[tuple[int, int], ...] = (),
    extensions: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One entry of `errors` with its stable `extensions.code`; `path` for errors inside an answer."""
    entry: dict[str, Any] = {"message": message or CODES[code].message}
    if locations:
        entry["locations"] = [{"line": line, "column": column} for line, column in locations]
    if path is not None:
        entry["path"] = list(path)
    entry["extensions"] = {"code": code, **(extensions or {})}
    return entry


def errors_page() -> str:
    """docs/errors.md, written from the table."""
    lines = [
        "# Errors",
        "",
        "Written by `joinup config docs`; the table is `gateway/errors.py`.",
        "",
        "Every error has a stable `extensions.code`. A refusal has no `data`; its HTTP status is given for",
        "`application/graphql-response+json` and, where it differs, for `application/json`.",
        "",
        "| code | status | meaning | what to do |",
        "|---|---|---|---|",
    ]
    for code in sorted(CODES.values(), key=lambda row: (row.scope != "request", row.name)):
        if code.scope == "field":
            status = "in the answer"
        elif code.status == code.json_status:
            status = str(code.status)
        else:
            status = f"{code.status} / {code.json_status}"
        lines.append(f"| `{code.name}` | {status} | {code.message} | {code.remedy} |")
    lines += [
        "",
        "`BAD_USER_INPUT`, `FORBIDDEN` and `RATE_LIMITED` also stand inside an answer, with the `path` of what is null.",
        "",
    ]
    return "\n".join(lines)
