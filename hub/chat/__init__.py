"""Typed questions, answered by the laws of a room."""
