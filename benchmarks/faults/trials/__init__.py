"""The kinds of faults: kills, failing disks, races and corruption."""
