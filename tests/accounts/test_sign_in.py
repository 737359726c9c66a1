"""One-time sign-in links and operator keys."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.db import connections
from django.test import Client as Browser
from django.utils import timezone

from frontdesk.accounts.models import OperatorKey, SignInLink, User
from frontdesk.accounts.operator_keys import make_operator_key, operator_key_of
from frontdesk.accounts.sign_in import hash_secret, make_operator_link, make_token, use_token


@pytest.fixture
def browser() -> Browser:
    return Browser(HTTP_HOST="localhost")


def link_path() -> str:
    return urlsplit(make_operator_link("http://localhost:8000/")).path


@pytest.mark.django_db
def test_the_link_signs_the_operator_in_once(browser: Browser) -> None:
    path = link_path()
    response = browser.get(path)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert browser.get("/operator/").status_code == 200
    again = Browser(HTTP_HOST="localhost").get(path)
    assert again.status_code == 410
    assert "used already" in again.content.decode()


@pytest.mark.django_db
def test_the_link_is_over_after_an_hour(browser: Browser) -> None:
    path = link_path()
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
        assert browser.get(path).status_code == 410


@pytest.mark.django_db
def test_the_token_is_kept_as_a_hash_only() -> None:
    token = make_token(User.objects.create_user("a@b.example"))
    assert SignInLink.objects.get().token_hash == hash_secret(token)
    assert token not in str(SignInLink.objects.values().get())


@pytest.mark.django_db
def test_a_user_who_was_switched_off_is_not_let_in() -> None:
    user = User.objects.create_user("a@b.example")
    token = make_token(user)
    User.objects.update(is_active=False)
    assert use_token(token) is None


@pytest.mark.django_db
def test_made_twice_it_is_the_same_operator() -> None:
    make_operator_link("http://localhost")
    make_operator_link("http://localhost")
    assert User.objects.filter(is_operator=True).count() == 1


@pytest.fixture
def lasting_user(django_db_setup: None, django_db_blocker: Any) -> Iterator[User]:
    """A user whom every connection sees: nothing is rolled back."""
    with django_db_blocker.unblock():
        user = User.objects.create_user("lasting@b.example")
        yield user
        user.delete()


def test_of_two_at_once_one_is_let_in(lasting_user: User) -> None:
    token = make_token(lasting_user)
    together, let_in = threading.Barrier(8), []

    def use() -> None:
        together.wait()
        let_in.append(use_token(token))
        connections.close_all()

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(user is not None for user in let_in) == 1


@pytest.mark.django_db
def test_signing_out_takes_a_form_with_a_token() -> None:
    browser = Browser(HTTP_HOST="localhost", enforce_csrf_checks=True)
    browser.get(link_path())
    assert browser.get("/sign-out/").status_code == 405
    assert browser.post("/sign-out/").status_code == 403
    assert browser.get("/operator/").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/operator/"])
def test_signing_in_leads_to_our_own_pages_only(browser: Browser, target: str) -> None:
    assert browser.get("/sign-in/", {"next": target}).status_code == 200
    response = browser.get(f"{link_path()}?next={target}")
    assert response["Location"] == "/"


@pytest.mark.django_db
def test_guessing_links_is_slowed_down(browser: Browser) -> None:
    answers = [browser.get("/sign-in/nosuch/").status_code for _ in range(31)]
    assert answers == [410] * 30 + [429]


@pytest.mark.django_db
def test_an_operator_key_opens_until_it_is_revoked() -> None:
    key = make_operator_key("script")
    found = operator_key_of(key)
    assert found is not None
    assert (found.name, found.prefix) == ("script", key[:10])
    assert key not in str(OperatorKey.objects.values().get())
    assert OperatorKey.objects.get().last_used_at is not None
    assert operator_key_of(key[:-1]) is None
    OperatorKey.objects.update(revoked_at=timezone.now())
    assert operator_key_of(key) is None


@pytest.mark.django_db
def test_e_mail_addresses_are_one_in_any_case() -> None:
    User.objects.create_user("Ann@North.example")
    assert User.objects.get_by_natural_key("ANN@north.EXAMPLE").email == "ann@north.example"
