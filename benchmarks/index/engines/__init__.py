"""Search engines behind one protocol, so that a benchmark can compare them."""
