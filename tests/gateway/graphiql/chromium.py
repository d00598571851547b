"""Debian's Chromium, headless, for tests; installed on the way when the tests run as root."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page, async_playwright

from tests.servers import debian_binary

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    """Path of the browser, or a skip that says what is missing."""
    return debian_binary("chromium", "chromium")


@asynccontextmanager
async def browser_page(profile: Path) -> AsyncIterator[Page]:
    """A page in a fresh profile."""
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            str(profile), executable_path=chromium(), headless=True, args=FLAGS, viewport={"width": 1400, "height": 900}
        )
        try:
            yield context.pages[0] if context.pages else await context.new_page()
        finally:
            await context.close()
