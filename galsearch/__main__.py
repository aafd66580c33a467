"""`python -m galsearch`, the same as the command `galsearch`."""

from galsearch.cli import main

if __name__ == "__main__":
    main()
