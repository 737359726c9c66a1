"""Engines held by client and publication, within a budget of bytes."""

import pytest

from frontdesk_nlp import Engine
from frontdesk_nlp.cache import EngineCache
from tests.nlp.shops import SHOP


@pytest.fixture(scope="module")
def stored() -> bytes:
    return Engine.train(SHOP).to_bytes()


def test_an_engine_is_loaded_once(stored: bytes) -> None:
    cache, loads = EngineCache(10**9), iter([stored])
    for _ in range(3):
        cache.get("tenant_a", 1, lambda: next(loads))
    assert next(loads, None) is None
    assert (cache.look().hits, cache.look().misses) == (2, 1)


def test_a_new_publication_and_another_client_are_loaded_for_themselves(stored: bytes) -> None:
    cache = EngineCache(10**9)
    keys = [("tenant_a", 1), ("tenant_a", 2), ("tenant_b", 1)]
    engines = {id(cache.get(client, number, lambda: stored)) for client, number in keys}
    assert len(engines) == len(keys)


def test_the_longest_unused_goes_first_and_the_last_used_stays(stored: bytes) -> None:
    cache = EngineCache(len(stored) * 4)
    for client in ("tenant_a", "tenant_b", "tenant_a", "tenant_c"):
        cache.get(client, 1, lambda: stored)
    before = cache.look().misses
    cache.get("tenant_a", 1, lambda: stored)
    assert cache.look().misses == before
    cache.get("tenant_b", 1, lambda: stored)
    assert cache.look().misses == before + 1
    tiny = EngineCache(1)
    tiny.get("tenant_a", 1, lambda: stored)
    assert tiny.look().engines == 1


def test_a_dropped_client_is_forgotten(stored: bytes) -> None:
    cache = EngineCache(10**9)
    cache.get("tenant_a", 1, lambda: stored)
    cache.get("tenant_b", 1, lambda: stored)
    cache.drop("tenant_a")
    assert cache.look().engines == 1
