"""Figures made from the audit trail."""
