"""Packs, editions and the store that always holds a whole one."""
