"""Answers to requests that get no result: refusals of the service, and errors of the library."""
