"""Devices, engines and the hub, as the stages of a turn."""
