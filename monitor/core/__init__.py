"""Decides: pure functions of their arguments. No I/O, no clock, no randomness, no logging.

`values` holds the words of the house; every other module turns values into values.
"""
