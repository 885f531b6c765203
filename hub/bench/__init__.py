"""Measurements of the hub."""
