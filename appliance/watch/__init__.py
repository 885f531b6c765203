"""Watches over the room: that it hears, that no stage hangs, that the box has room to work."""
