"""The published AstroCLIP checkpoints: read without running their code, and converted."""
