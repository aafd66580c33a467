"""Fast inference: lower numerical precision and fused transformer blocks."""
