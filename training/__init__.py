"""Training of the encoders. This package imports galsearch; galsearch never imports it."""
