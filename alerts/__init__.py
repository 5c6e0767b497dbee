"""Tells: turns digests into mails and brings them to their readers, without losing or doubling one.

It knows the mail and its ways; what is told is decided in `monitor.core`, what was told is kept by
the store, which is passed in.
"""
