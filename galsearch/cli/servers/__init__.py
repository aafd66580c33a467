"""Commands that answer programs until they are ended: serve and mcp."""
