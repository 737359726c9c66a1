"""What there is to know about the current client's bot at a glance."""

from dataclasses import dataclass
from datetime import datetime

from frontdesk.bot.models import Faq, Publication


@dataclass(frozen=True, slots=True)
class Summary:
    faqs: int
    publication: int
    published_at: datetime


def summary_of() -> Summary:
    live = Publication.objects.only("number", "created_at").latest("number")
    return Summary(Faq.objects.count(), live.number, live.created_at)
