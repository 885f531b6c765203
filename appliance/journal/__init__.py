"""The room's durable audit chain."""
