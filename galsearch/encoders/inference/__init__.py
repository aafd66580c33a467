"""Fast inference with lower numerical precision and fused transformer blocks."""
