"""The rooms' audit trails: in, verified, acknowledged, shown."""
