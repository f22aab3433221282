"""A headless Chromium that shows the report's pages, for tests of any folder."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def has_browser() -> None:
    """Skips the tests if there is no browser, before any report is made."""
    pytest.importorskip("PIL.Image", reason="needs Pillow, which comes with matplotlib, to look at screenshots")
    if not any(map(shutil.which, NAMES)):
        pytest.skip(f"no Chromium on the PATH (one of {', '.join(NAMES)}): the report cannot be viewed")


@pytest.fixture(scope="module")
def browser(has_browser: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a headless Chromium, started once for all views."""
    from page_look import address_of

    profile = tmp_path_factory.mktemp("profile")
    command = next(path for path in map(shutil.which, NAMES) if path)
    # The page is our own and loads nothing; without user namespaces (containers, root) Chromium's sandbox cannot start.
    flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
    with subprocess.Popen(
        [command, *flags, "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(profile)},
    ) as process:
        try:
            yield address_of(process, profile)
        finally:
            process.kill()


@pytest.fixture
def looked_at(browser: str, tmp_path: Path) -> Callable[..., Any]:
    """Shows a page in the browser."""
    from page_look import look

    def show(html: str, view: Any) -> Any:
        page = tmp_path / "report.html"
        page.write_text(html, encoding="utf-8")
        return asyncio.run(look(page, view, browser))

    return show
