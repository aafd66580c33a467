"""Building of indexes: vectors are stored, quantisers trained, recall measured."""
