"""Benchmark on real image-spectrum pairs, repeat visits and real redshifts; never for training."""
