"""`frontdesk worker`: what has to happen without anybody asking."""

import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, connections

from frontdesk.clients.lifecycle import remove_closed

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Removes clients whose grace period is over, every minute, until told to stop."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=float, default=60.0, help="seconds between rounds")
        parser.add_argument("--once", action="store_true", help="one round, then end")

    def handle(self, *args: Any, every: float, once: bool, **options: Any) -> None:
        stop = threading.Event()
        if not once:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
        while True:
            self._round()
            if once or stop.wait(every):
                return

    def _round(self) -> None:
        try:
            for client_id in remove_closed():
                self.stdout.write(f"{client_id} removed: its grace period is over")
        except Error:
            # The next round finds the same work: nothing is lost by a server that is away.
            log.exception("this round was cut short")
        finally:
            connections.close_all()
