"""Layers between the network and the routes: access, limits, security headers and the log."""
