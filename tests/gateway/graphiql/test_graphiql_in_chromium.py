"""GraphiQL in a real browser: no policy violation, no foreign request, nothing stored, and it works."""

from __future__ import annotations

import os
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
