"""The optional sentence encoder: what it adds, and what is said where it is absent."""

import importlib.util

import pytest

from frontdesk_nlp import Engine
from frontdesk_nlp.encoder import PACKAGE, EncoderMissingError
from tests.nlp.shops import SHOP

IS_INSTALLED = importlib.util.find_spec(PACKAGE) is not None
needs_encoder = pytest.mark.skipif(
    not IS_INSTALLED, reason="the sentence encoder is not installed: frontdesk[encoder]"
)


@pytest.mark.skipif(IS_INSTALLED, reason="the sentence encoder is installed")
def test_without_the_extra_training_says_how_to_install_it() -> None:
    with pytest.raises(EncoderMissingError, match=r"frontdesk\[encoder\]"):
        Engine.train(SHOP, encoder="default")


@needs_encoder
def test_meaning_is_matched_where_no_word_is_shared() -> None:
    text = "wann habt ihr geöffnet"
    meaning = Engine.train(SHOP, encoder="default").match(text)
    assert meaning.candidates[0][0] == "hours"
    assert meaning.confidence > Engine.train(SHOP).match(text).confidence


@needs_encoder
def test_an_engine_with_the_encoder_is_stored_and_loaded() -> None:
    engine = Engine.train(SHOP, encoder="default")
    assert Engine.train(SHOP, encoder="default").to_bytes() == engine.to_bytes()
    loaded = Engine.from_bytes(engine.to_bytes())
    assert loaded.match("can i bring it back") == engine.match("can i bring it back")
