"""Simulated surveys: galaxies from physics, written in the file formats of DESI and Legacy Surveys.

The package needs the extra `sim` (Bagpipes, GalSim, speclite), which is imported in worker
processes only.
"""

from galsearch.simulate.survey.simulate_survey import SurveyReport, simulate_survey

__all__ = ["SurveyReport", "simulate_survey"]
