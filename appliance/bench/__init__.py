"""Measurements of the room that anyone can run."""
