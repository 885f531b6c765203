"""Pure values and rules that room and hub must compute identically.

No I/O, no clock, no randomness: whatever varies is an argument.
"""
