"""The fields of requests: the words of the library, with the bounds of the service."""
