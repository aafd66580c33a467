"""The search engines that the index benchmarks compare, behind one interface."""
