"""Citations: what an index rests on, with acknowledgements and BibTeX."""
