"""Turns as events: taped where somebody consented, and taken again, decision by decision."""
