"""GraphiQL in a real browser: no policy violation, no foreign request, nothing stored, and it works."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from gateway.graphiql.examples import Example
from tests.gateway.graphiql.chromium import browser_page, chromium
from tests.gateway.kit import NHS_NUMBER, SmallEngine, gateway, token
from tests.gateway.serving import served

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

EXAMPLES = (
    Example("hello", "query Hello {\n  hello\n}\n", None, frozenset()),
    Example(
        "patient",
        "query APatient($n: NHSNumber!) {\n  patient(nhsNumber: $n) { nhsNumber }\n}\n",
        {"n": NHS_NUMBER},
        frozenset({"gp"}),
    ),
    Example("broken", "query Broken { nowhere }", None, frozenset()),
)
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


async def _enter(page: Page, bearer: str) -> None:
    await page.fill("#joinup-token", bearer)
    await page.click("text=Use token")


@pytest.mark.parametrize("path", ["/graphiql", "/graphql"])
async def test_graphiql_works_under_its_policy(path: str, tmp_path: Path) -> None:
    chromium()
    engine = SmallEngine()
    requests: list[str] = []
    complaints: list[str] = []
    async with served(gateway(engine, examples=EXAMPLES)) as url, browser_page(tmp_path / "profile") as page:
        page.on("request", lambda request: requests.append(request.url))
        page.on("requestfailed", lambda request: complaints.append(f"failed {request.url}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type in ("error", "warning") else None)
        await page.add_init_script(WATCH)
        await page.goto(f"{url}{path}")
        await _enter(page, token())
        await expect(page.locator("#joinup-who")).to_have_text("gp at F83004")
        await expect(page.locator(".graphiql-tab")).to_have_count(2, timeout=20_000)
        await expect(page.locator(".graphiql-tab").nth(1)).to_contain_text("APatient")

        await page.locator(".graphiql-tab button").first.click()
        await page.click("button.graphiql-execute-button")
        await expect(page.locator(".result-window")).to_contain_text("hello world", timeout=20_000)

        await page.locator(".graphiql-query-editor .view-line").nth(1).click()
        await page.keyboard.press("End")
        await page.keyboard.type(" pat")
        await page.keyboard.press("Control+Space")
        await expect(page.locator(".suggest-widget .monaco-list-row").first).to_contain_text("patient", timeout=20_000)
        await page.keyboard.press("Escape")

        await page.click("button[aria-label*='Documentation']")
        explorer = page.locator(".graphiql-doc-explorer")
        await explorer.get_by_role("link", name="Query", exact=True).click()
        await expect(explorer.locator("em", has_text="the")).to_be_visible()
        await expect(explorer.locator("a[href='https://guide.test']")).to_be_visible()
        await expect(explorer).to_contain_text("<b>no markup</b>")
        await explorer.get_by_role("link", name="hello", exact=True).click()
        await expect(explorer).to_contain_text("Says hello to <img src=x onerror=fail()> you.")
        await page.locator(".graphiql-query-editor .view-line span", has_text="hello").last.hover()
        await expect(page.locator(".monaco-hover", has_text="Query.hello").first).to_be_visible(timeout=15_000)
        if folder := os.environ.get("JOINUP_SCREENSHOTS"):
            await page.screenshot(path=f"{folder}/graphiql{path.replace('/', '-')}.png")

        assert await page.evaluate("window.violations") == []
        assert await page.evaluate("localStorage.length + sessionStorage.length") == 0
        assert await page.evaluate("document.cookie") == ""
    assert {address for address in requests if not address.startswith((url, "data:"))} == set()
    assert complaints == []
    assert all(operation.name != "Broken" for operation, _, _ in engine.seen)


async def test_a_refused_token_is_said_and_not_kept(tmp_path: Path) -> None:
    chromium()
    async with served(gateway()) as url, browser_page(tmp_path / "profile") as page:
        await page.goto(f"{url}/graphiql")
        await _enter(page, token(exp=1, iat=0))
        await expect(page.locator("[role=alert]")).to_contain_text("token is missing, expired or not acceptable")
        assert await page.input_value("#joinup-token") == ""
        assert await page.locator(".graphiql-container").count() == 0


HOSTILE = """
<img src=x onerror="window.broken = 1"><script>window.broken = 1</script><b onclick="window.broken = 1">bold</b>
<a href="javascript:window.broken = 1">link</a><svg onload="window.broken = 1"><style>*{}</style></svg>
<iframe srcdoc="<script>parent.broken = 1</script>"></iframe><math><mtext><img src=x onerror="window.broken = 1"></math>
<a href="https://guide.test" onclick="window.broken = 1">guide</a>
"""


async def test_html_that_reaches_the_page_is_stripped(tmp_path: Path) -> None:
    chromium()
    async with served(gateway()) as url, browser_page(tmp_path / "profile") as page:
        await page.goto(f"{url}/graphiql")
        await expect(page.locator("#joinup-token")).to_be_visible()
        script = "text => { const box = document.createElement('div'); box.innerHTML = text; document.body.append(box); return box.innerHTML }"
        html = await page.evaluate(script, HOSTILE)
        await page.wait_for_timeout(100)
        assert await page.evaluate("window.broken") is None
    assert "<b>bold</b>" in html
    assert '<a href="https://guide.test" rel="noreferrer noopener" target="_blank">guide</a>' in html
    for part in ("<img", "<script", "<svg", "<style", "<iframe", "onclick", "javascript:"):
        assert part not in html


async def test_role_that_may_not_introspect_still_asks(tmp_path: Path) -> None:
    chromium()
    async with served(gateway(examples=EXAMPLES)) as url, browser_page(tmp_path / "profile") as page:
        await page.goto(f"{url}/graphiql")
        for role in ("gp", "receptionist"):
            await _enter(page, token(role=role))
            await expect(page.locator("#joinup-who")).to_have_text(f"{role} at F83004")
        await page.click("button.graphiql-execute-button", timeout=20_000)
        await expect(page.locator(".result-window")).to_contain_text("hello world", timeout=20_000)
        await expect(page.locator(".graphiql-tab")).to_have_count(1)


async def test_examples_bring_their_variables(tmp_path: Path) -> None:
    chromium()
    first, second = EXAMPLES[1], replace(EXAMPLES[1], query=EXAMPLES[1].query.replace("APatient", "Another"))
    async with served(gateway(examples=(first, second))) as url, browser_page(tmp_path / "profile") as page:
        await page.goto(f"{url}/graphiql")
        await _enter(page, token())
        for title in ("APatient", "Another"):
            await page.locator(".graphiql-tab", has_text=title).locator("button").first.click(timeout=20_000)
            await page.wait_for_timeout(1_000)  # GraphiQL reads the operation's name once typing has paused
            await page.click("button.graphiql-execute-button")
            await expect(page.locator(".result-window")).to_contain_text(NHS_NUMBER, timeout=20_000)
        await expect(page.locator(".graphiql-tab")).to_have_count(2)
