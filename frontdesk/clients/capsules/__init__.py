"""Capsules: one file that holds one client entirely. The format is in docs/capsule.md.

`exporting` writes one, `reading` opens and checks one, `importing` makes a client of it or puts an
existing client back to it.
"""
