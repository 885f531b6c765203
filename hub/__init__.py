"""One clinic: a modular monolith that can be split."""
