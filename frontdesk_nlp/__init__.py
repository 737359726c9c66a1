"""Frontdesk's matching engine: plain Python, no Django, no network, nothing downloaded."""

from frontdesk_nlp.engine import Engine
from frontdesk_nlp.model import Answer, Entry, Synonym, Trace
from frontdesk_nlp.storage import BrokenEngineError

__all__ = ["Answer", "BrokenEngineError", "Engine", "Entry", "Synonym", "Trace"]
