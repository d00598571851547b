"""One search, followed to its end: pages, duplicates, shortfalls, and rows that should not be there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

from resolvers.record.status import SourceState
from resolvers.sources.fhir_r4 import bundle as pages
from resolvers.sources.fhir_r4.bundle import Bundle, Entry, Found, Row
from resolvers.sources.fhir_r4.catch import Catch
from resolvers.sources.fhir_r4.outcomes import meaning, remarks, state
from resolvers.sources.fhir_r4.patients import SUBJECTS, Owner
from resolvers.sources.fhir_r4.resources import OperationOutcome, Resource
from resolvers.sources.source import FAILED
from resolvers.sources.upstream import Reply, UpstreamError

Turn = Callable[[str], Awaitable[Reply]]


def start(catch: Catch, first: Reply | UpstreamError, owner: Owner, bases: tuple[str, ...]) -> str | None:
    """Read the first page into `catch`; the URL of the next page, None where there is none to follow."""
    if isinstance(first, UpstreamError):
        catch.failure = FAILED[first.failure]
        return None
    return _onward(catch, _take(catch, first, owner, bases, later=False))


async def follow(catch: Catch, link: str, owner: Owner, turn: Turn, bases: tuple[str, ...], max_pages: int) -> None:
    """Read the pages from `link` on into `catch`. `turn` fetches a page by its URL.

    Only links to the server's own origin are followed. Paging stops at the first row of another person: the server
    then ignores the patient parameter, and what follows would be everybody's.
    """
    following: str | None = link
    visited = set[str]()
    while following is not None:
        if following in visited or len(visited) + 1 >= max_pages:
            return catch.cut_short()
        visited.add(following)
        try:
            reply = await turn(following)
        except UpstreamError:
            return catch.cut_short()
        following = _onward(catch, _take(catch, reply, owner, bases, later=True))
    return None


def _onward(catch: Catch, link: str | None) -> str | None:
    """The link, where there is one that may be followed; the end of the search otherwise, said in `catch`."""
    if link is None:
        catch.count()
    elif link == "" and catch.failure is None:
        catch.cut_short()
    return link or None


def _take(catch: Catch, reply: Reply, owner: Owner, bases: tuple[str, ...], later: bool) -> str | None:
    """Read one page; the URL of the next, None at the end, '' where there is one that may not be followed."""
    failed = state(reply.status, reply.body)
    try:
        bundle = pages.envelope(reply.body) if failed is None else None
    except UpstreamError:
        failed, bundle = meaning(reply.body), None
    if bundle is None:
        return _refused(catch, failed, later)
    if not later:
        catch.as_of = _moment(reply)
        catch.total = bundle.total if isinstance(bundle.total, int) else None
    keep(catch, pages.rows(reply.body, bundle, catch.wanted.decoder), owner)
    return None if catch.wrong_patient else _next(bundle, bases)


def _refused(catch: Catch, failed: SourceState | None, later: bool) -> str:
    if later:
        return ""
    catch.failure = failed
    return ""


def keep(catch: Catch, rows: Iterable[Row], owner: Owner) -> None:
    """Keep what was searched for and what was wanted with it; drop everything else, above all other people's."""
    wanted, found, references = catch.wanted, catch.found, owner.references
    kinds, whole = wanted.kinds, wanted.whole
    for entry, resource, lost in rows:
        if resource is None:
            continue
        kind, search = resource.__class__.__name__, entry.search
        if kind not in kinds or (not whole and search is not None and search.mode == "include"):
            _beside(catch, entry, resource, lost, owner)
            continue
        subject = SUBJECTS.get(kind, _nobody)(resource)
        # nearly always the plain local reference; everything else is weighed by `owns`
        plain = subject is not None and subject.identifier is None and subject.reference in references
        if not plain and not owner.owns(resource):
            catch.disown()
            continue
        key = f"{kind}/{resource.id or f'?{len(found)}'}"
        if key not in found or not found[key].matched:
            catch.matches += 1
            found[key] = Found(key, bytes(entry.resource), resource, lost)


def _nobody(resource: Resource) -> None:
    """A type that names its people in another way."""


def _beside(catch: Catch, entry: Entry, resource: Resource, lost: tuple[str, ...], owner: Owner) -> None:
    """A row that was not searched for: a remark of the server, something included, or something unwanted."""
    if isinstance(resource, OperationOutcome):
        return _remark(catch, resource)
    wanted = catch.wanted
    kind = type(resource).__name__
    mode = entry.search.mode if entry.search is not None else None
    if kind not in wanted.included or (mode == "match" and not wanted.whole):
        return None
    if not owner.owns(resource):
        return catch.disown()
    key = f"{kind}/{resource.id or f'?{len(catch.found)}'}"
    if key not in catch.found:
        catch.found[key] = Found(key, bytes(entry.resource), resource, lost, kind in wanted.adopts)
    return None


def _remark(catch: Catch, outcome: OperationOutcome) -> None:
    warnings, missing = remarks(outcome.issue)
    catch.partial = catch.partial or missing
    for warning in warnings:
        catch.warn(warning)


def _next(bundle: Bundle, bases: tuple[str, ...]) -> str | None:
    for link in bundle.link:
        if link.relation == "next" and link.url:
            return _own(link.url, bases)
    return None


def _own(url: str, bases: tuple[str, ...]) -> str:
    """The URL on the server's own origin, '' for any other. A server's other name for itself is put right."""
    home = bases[0]
    for base in bases[1:]:
        if url.startswith((f"{base}/", f"{base}?")):
            return home + url[len(base) :]
    try:
        absolute = urljoin(f"{home}/", url)
        return absolute if _origin(absolute) == _origin(home) else ""
    except ValueError:
        return ""


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    """Scheme, host and port; None with user information, which no link of an API carries. Raises ValueError."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return (parts.scheme, parts.hostname, port) if parts.username is None else None


def _moment(reply: Reply) -> str | None:
    """When the answer was true: the HTTP Date, which no entry can influence, unlike a Bundle's lastUpdated."""
    try:
        moment = parsedate_to_datetime(reply.headers.get("date", ""))
    except ValueError:
        return None
    return moment.isoformat().replace("+00:00", "Z")
