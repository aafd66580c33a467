"""A simulated survey: galaxies from physics, written in the formats of the real surveys.

Needs the extra `sim` (Bagpipes, GalSim, speclite), which is imported in worker processes alone.
"""

from galsearch.simulate.survey.simulate_survey import SurveyReport, simulate_survey

__all__ = ["SurveyReport", "simulate_survey"]
