"""Former names of arguments, which are accepted with a warning."""

import functools
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])


def accept_asking(function: _Function) -> _Function:
    """The function, which also accepts `asking`, the former name of `from_embeddings`."""

    @functools.wraps(function)
    def renamed(*args: Any, **kwargs: Any) -> Any:
        if "asking" in kwargs:
            warnings.warn("asking is now called from_embeddings", DeprecationWarning, stacklevel=2)
            kwargs["from_embeddings"] = kwargs.pop("asking")
        return function(*args, **kwargs)

    return renamed  # type: ignore[return-value]
