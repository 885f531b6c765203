"""What every machine of a clinic shares; imports neither the room nor the hub."""

__version__ = "0.1.0"
