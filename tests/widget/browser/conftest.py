"""Pages of a client's website, made up for each test and served on the demo site's origin."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.installs import Install
from tests.widget.browser.sites import NODE_MODULES, Site, Visit, listen

Open = Callable[..., Visit]


@pytest.fixture
def site(install: Install) -> Site:
    return Site(base_url=install.base_url, origin=install.demo_url)


@pytest.fixture
def visit(chromium: Browser, site: Site) -> Iterator[Open]:
    """Opens a page in a profile of its own, unless `context` is the one to share.

    The test fails on any error that a page told the console, but for those in `visit.expected`.
    """
    opened: list[Visit] = []

    def open_visit(
        html: str = "",
        *,
        path: str = "/host/",
        context: BrowserContext | None = None,
        headers: dict[str, str] | None = None,
        scripts: tuple[str, ...] = (),
        **options: object,
    ) -> Visit:
        made = Visit((context or _profile(chromium, options)).new_page(), site)
        listen(made)
        opened.append(made)
        for script in scripts:
            made.page.add_init_script(script)
        return made.serve(html, path=path, headers=headers)

    yield open_visit
    for context in {made.page.context for made in opened}:
        context.close()
    assert [line for made in opened for line in made.unexpected()] == []


def _profile(chromium: Browser, options: dict[str, object]) -> BrowserContext:
    usual: dict[str, object] = {
        "viewport": {"width": 1280, "height": 800},
        "reduced_motion": "reduce",
        "timezone_id": "UTC",
        "locale": "en-GB",
    }
    context = chromium.new_context(**(usual | options))  # type: ignore[arg-type]
    # A page that the test answers itself has no address, and so would not reach this machine's.
    context.grant_permissions(["local-network-access"])
    return context


@pytest.fixture(scope="session")
def node_file() -> Callable[[str], str]:
    """The text of a file of the front end's development packages."""

    def read(name: str) -> str:
        path = NODE_MODULES / name
        if not path.is_file():
            pytest.skip("Needs the front end's packages: run `npm ci` in frontend/.")
        return path.read_text("utf-8")

    return read
