"""The demo sites: their pages and nothing else, with the snippet of this install."""

from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from config import demo_site


@pytest.fixture(autouse=True)
def _address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_URL", "https://desk.example/")


def ask(path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path}
    setup_testing_defaults(environ)
    told: list[Any] = []
    body = demo_site.application(environ, lambda *given: told.extend(given))  # type: ignore[arg-type]
    return int(told[0].split()[0]), dict(told[1]), b"".join(body)


@pytest.mark.parametrize(
    ("path", "client"),
    [("/greenleaf/", b"tenant_greenleaf"), ("/brightsmile/", b"tenant_brightsmile")],
)
def test_a_clients_page_carries_its_snippet(path: str, client: bytes) -> None:
    status, headers, body = ask(path)
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert b'src="https://desk.example/widget.js"' in body
    assert client in body
    assert b"{{" not in body


def test_the_first_page_leads_to_both() -> None:
    status, _, body = ask("/")
    assert status == 200
    assert b"greenleaf/" in body
    assert b"brightsmile/" in body


def test_the_policy_lets_in_the_install_and_nobody_else() -> None:
    _, headers, _ = ask("/greenleaf/")
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src https://desk.example; "
        "connect-src https://desk.example; base-uri 'none'; form-action 'none'"
    )


def test_every_file_of_the_sites_is_served_with_its_type() -> None:
    types = {".html": "text/html", ".css": "text/css", ".svg": "image/svg+xml"}
    served = 0
    for name, folder in demo_site.SITES.items():
        for file in (path for path in folder.rglob("*") if path.suffix in types):
            inner = file.relative_to(folder).as_posix()
            status, headers, body = ask(f"/{name}/{inner}" if name else f"/{inner}")
            assert status == 200, file
            assert headers["Content-Type"].startswith(types[file.suffix])
            assert headers["Content-Length"] == str(len(body))
            served += 1
    assert served > len(demo_site.SITES)


def test_head_has_the_headers_alone() -> None:
    _, whole, body = ask("/greenleaf/")
    status, headers, nothing = ask("/greenleaf/", "HEAD")
    assert (status, headers, nothing) == (200, whole, b"")
    assert int(headers["Content-Length"]) == len(body)


@pytest.mark.parametrize("path", ["/greenleaf", "//greenleaf"])
def test_a_site_without_its_slash_is_sent_to_it_on_the_same_host(path: str) -> None:
    status, headers, _ = ask(path)
    assert (status, headers["Location"]) == (308, "/greenleaf/")


@pytest.mark.parametrize(
    "path",
    [
        "/no-such-page",
        "/greenleaf/no-such-page.html",
        "/greenleaf/../bot.json",
        "/greenleaf/pictures/../../bot.json",
        "/../greenleaf/bot.json",
        "/greenleaf//etc/passwd",
        "//etc/passwd",
        "/greenleaf/..\\bot.json",
        "/greenleaf/\0",
        "/greenleaf/pictures",
        "/greenleaf/.hidden",
    ],
)
def test_what_is_no_page_is_not_found(path: str) -> None:
    status, headers, body = ask(path)
    assert status == 404
    assert "Content-Security-Policy" in headers
    assert b"There is no such page" in body


def test_a_link_out_of_the_site_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (tmp_path / "secret.html").write_text("secret")
    (site / "page.html").symlink_to(tmp_path / "secret.html")
    monkeypatch.setitem(demo_site.SITES, "", site)
    assert ask("/page.html")[0] == 404


def test_nothing_can_be_sent_to_it() -> None:
    status, headers, _ = ask("/greenleaf/", "POST")
    assert (status, headers["Allow"]) == (405, "GET, HEAD")
