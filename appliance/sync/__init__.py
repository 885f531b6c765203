"""What the room exchanges with the hub: audit trail, state, editions."""
