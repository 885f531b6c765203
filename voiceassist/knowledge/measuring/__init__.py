"""Figures, and attacks on what is claimed."""
