"""Publications made ready to answer, kept per process within a byte budget."""

import threading
from collections import OrderedDict
from datetime import datetime

from django.conf import settings

from frontdesk.bot.models import Publication
from frontdesk.bot.publishing import train
from frontdesk.clients.context import current_client
from frontdesk_nlp import BrokenEngineError, Engine
from frontdesk_nlp.dialogue import Bot

# Python objects of content and index take about this many times their stored bytes.
_IN_MEMORY = 4

_lock = threading.Lock()
_kept: OrderedDict[tuple[int, str, int, datetime], tuple[Bot, int]] = OrderedDict()


def bot_for(number: int, published_at: datetime) -> Bot:
    """The current client's publication `number`. Publications never change, so none goes stale."""
    client = current_client()
    # The row's id too: a client removed and opened again under the same ID is another one. And the
    # moment: a client put back to a capsule comes by the same numbers again, with other content.
    key = (client.pk, client.schema_name, number, published_at)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key][0]
    bot, size = _load(number)
    with _lock:
        _kept[key] = (bot, size)
        while len(_kept) > 1 and sum(cost for _, cost in _kept.values()) > _budget():
            _kept.popitem(last=False)
    return bot


def live_bot() -> tuple[int, Bot]:
    """The number and the bot of the current client's live publication."""
    live = Publication.objects.order_by("-number").values_list("number", "created_at")[0]
    return live[0], bot_for(*live)


def forget_all() -> None:
    """Empties what this process keeps."""
    with _lock:
        _kept.clear()


def _load(number: int) -> tuple[Bot, int]:
    publication = Publication.objects.get(number=number)
    index = bytes(publication.index)
    try:
        engine = Engine.from_bytes(index)
    except BrokenEngineError:
        # Written by another version of the engine: the content is the truth, the index follows.
        engine = train(publication.content)
        index = engine.to_bytes()
        Publication.objects.filter(number=number).update(index=index)
    bot = Bot(publication.content, engine)
    return bot, _IN_MEMORY * (len(index) + len(str(publication.content)))


def _budget() -> int:
    return int(settings.ENGINE_CACHE_BYTES)
