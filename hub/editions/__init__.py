"""Signed editions out."""
