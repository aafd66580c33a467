"""The picture of an explanation: one row of panels for each of the two galaxies."""
