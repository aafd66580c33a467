"""Tables of the results of many queries: of every galaxy of an index, or of a table of queries."""
