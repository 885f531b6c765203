"""The door to the cloud."""
