"""The two moments of a client's life that rooms above must hear of.

Both are sent in the client's context and inside the transaction that makes them true: a receiver
that raises undoes the whole.
"""

from django.dispatch import Signal

# A schema was made and is empty; the receivers fill it with what a new client starts with.
client_opened = Signal()
# The schema is about to be removed, for good.
client_closed = Signal()
