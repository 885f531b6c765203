"""Quotations, and what a model may say beside them (law 2)."""
