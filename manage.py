#!/usr/bin/env python
"""Django's own entry; `frontdesk` is the same with the database of this install found for you."""

import sys

from config.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
