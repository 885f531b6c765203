"""Hybrid search in one edition."""
