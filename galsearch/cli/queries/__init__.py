"""The command query, and its options."""
