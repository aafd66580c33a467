"""Tables of ids and vectors that other tools wrote: their columns, and vectors as arrays."""
