"""Legacy Surveys files: cutouts, and bricks from which cutouts are made."""
