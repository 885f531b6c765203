"""The library, searched."""
