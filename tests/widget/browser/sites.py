"""A client's website in a browser: any HTML, any headers, with the snippet in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Locator, Page, Request, Route, expect

NODE_MODULES = Path(__file__).resolve().parents[3] / "frontend" / "node_modules"
MESSAGES = "[part~=message]"
ROOT = "document.querySelector('frontdesk-widget').shadowRoot"
KEY = "frontdesk:tenant_greenleaf"


@dataclass(frozen=True)
class Site:
    """`origin`: of the client's website; `base_url`: of the install."""

    base_url: str
    origin: str

    def snippet(self, client: str = "tenant_greenleaf", attributes: str = "") -> str:
        source = f"{self.base_url}/widget.js"
        return f'<script src="{source}" data-client="{client}" {attributes}></script>'

    def document(
        self, body: str = "", *, head: str = "", lang: str = "en", direction: str = "ltr"
    ) -> str:
        """A page; without `body`, a plain one with the snippet."""
        body = body or f"<main><h1>A shop</h1><p>Words.</p></main>{self.snippet()}"
        return (
            f'<!doctype html><html lang="{lang}" dir="{direction}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
            f"<title>A shop</title>{head}</head><body>{body}</body></html>"
        )


@dataclass
class Visit:
    page: Page
    site: Site
    told: list[str] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def serve(
        self, html: str = "", *, path: str = "/host/", headers: dict[str, str] | None = None
    ) -> Visit:
        """Goes to a page made of `html`."""
        self.answer(path, html or self.site.document(), headers)
        self.page.goto(self.site.origin + path)
        return self

    def answer(
        self,
        path: str,
        text: str,
        headers: dict[str, str] | None = None,
        content_type: str = "text/html; charset=utf-8",
    ) -> None:
        def fulfil(route: Route) -> None:
            route.fulfill(body=text, headers={"Content-Type": content_type, **(headers or {})})

        self.page.context.route(self.site.origin + path, fulfil)

    def unexpected(self) -> list[str]:
        return [line for line in self.told if not any(part in line for part in self.expected)]

    @property
    def widget_requests(self) -> list[Request]:
        return [one for one in self.asked if not one.url.startswith((self.site.origin, "data:"))]

    @property
    def launcher(self) -> Locator:
        return self.page.locator("button[part=launcher]")

    @property
    def panel(self) -> Locator:
        return self.page.locator("[part=panel]")

    @property
    def field(self) -> Locator:
        return self.page.locator("[part=input]")

    @property
    def messages(self) -> Locator:
        return self.page.locator(MESSAGES)

    @property
    def form(self) -> Locator:
        return self.page.locator("form[part=form]")

    def by(self, author: str) -> Locator:
        return self.page.locator(f"{MESSAGES}[data-author={author}]")

    def open(self) -> Visit:
        self.launcher.click()
        expect(self.panel).to_be_visible()
        return self

    def write(self, text: str) -> None:
        """Writes and sends, and does not wait for an answer."""
        self.field.fill(text)
        self.field.press("Enter")

    def ask(self, text: str) -> None:
        before = self.by("bot").count()
        self.write(text)
        expect(self.by("bot")).not_to_have_count(before)

    def show_form(self) -> Locator:
        self.page.locator("button[part~=option]", has_text="Leave a message").click()
        expect(self.form).to_be_visible()
        return self.form

    def focused(self) -> str:
        """Part or name of what has the focus inside the widget; "" when it is outside."""
        found = self.page.evaluate(
            f"(() => {{ const e = {ROOT}.activeElement;"
            " return e ? e.getAttribute('part') || e.name : ''; })()"
        )
        return str(found)

    def stored(self) -> dict[str, str]:
        return dict(self.page.evaluate("({ ...localStorage, ...sessionStorage })"))


def listen(visit: Visit) -> None:
    def hear(line: ConsoleMessage) -> None:
        if line.type == "error":
            visit.told.append(line.text)

    def note(request: Request) -> None:
        visit.asked.append(request)

    visit.page.on("console", hear)
    visit.page.on("request", note)
    visit.page.on("pageerror", lambda error: visit.told.append(str(error)))
