"""A simulated hub, network, disk and room: what may go wrong with the library, by seed."""
