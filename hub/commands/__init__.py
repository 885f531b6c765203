"""The hub's command groups, each over the same services as its HTTP face."""
