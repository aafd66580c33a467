"""The bodies of answers, made from results of the library."""
