"""Fast inference on CPUs: numerical precision and fused transformer blocks."""
