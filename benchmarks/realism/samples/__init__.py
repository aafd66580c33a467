"""Real and simulated samples, and the statistics that are measured of both."""
