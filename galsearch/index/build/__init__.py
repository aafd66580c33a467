"""Building of indexes: vectors are stored, quantisers are trained and recall is measured."""
