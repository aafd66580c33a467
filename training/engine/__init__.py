"""The training loop: runs that can be interrupted and continued, optimiser, processes."""
