"""The clinic in one command."""
