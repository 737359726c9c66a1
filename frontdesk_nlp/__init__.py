"""Frontdesk's matching engine: plain Python, no Django, no network, nothing downloaded."""

from frontdesk_nlp.engine import Engine
from frontdesk_nlp.model import Answer, Entry, Synonym, Trace

__all__ = ["Answer", "Engine", "Entry", "Synonym", "Trace"]
