"""Load on the HTTP service, beside a plain service over the same vectors."""
