"""Columns of tables: their units and meanings, and the types that every format can hold."""
