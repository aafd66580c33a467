"""The paths of the service: each parses a request, calls the library and answers."""
