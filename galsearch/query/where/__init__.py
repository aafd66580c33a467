"""Conditions on catalogue columns, such as `0.1 < z < 0.3 and class == 'BGS'`.

A condition has the syntax of Python and means what Python means, but is never executed. It may hold
comparisons, `and`, `or`, `not`, `in`, `is None`, arithmetic, column names and literals. Numbers are
compared exactly, whatever their types; what is missing is neither equal to, nor different from,
anything.
"""

from galsearch.query.where.condition import Condition

__all__ = ["Condition"]
