"""Chromium for tests: the machine's own, driven by Playwright."""

import os
import shutil

import pytest

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
]


def chromium_path() -> str:
    """Skips the test where there is no browser, but never in CI: there it must be found."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next((path for path in map(shutil.which, names) if path), None)
    if found is None and os.environ.get("CI"):
        pytest.fail("CI needs Chromium: .ci/run installs it.")
    if found is None:
        pytest.skip("No Chromium on this machine: install it to run the browser tests.")
    return found
