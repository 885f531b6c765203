"""What the hub tells this room to do."""
