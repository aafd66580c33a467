"""Building an index: vectors are stored, quantisers trained, recall measured."""
