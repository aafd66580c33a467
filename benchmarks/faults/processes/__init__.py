"""Commands in processes of their own whose changes of the file system are observed."""
