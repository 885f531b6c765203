"""Presidio recognisers of our own: each finds a few kinds of identifier in a canonical text."""
