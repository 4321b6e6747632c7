"""Physics of hardware, fleets and networks: pure functions on arrays, with the source of each equation."""
