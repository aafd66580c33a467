"""Collection of the survey files that cannot be read, which an ingest reports all at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from galsearch.core.errors import (
    BadFilesError,
    GalsearchError,
    IngestError,
    MissingExtraError,
    StoreError,
)

_MAX_REFUSED = 10
"""Number of files in succession that a store may refuse before an ingest ends."""


class BadFiles:
    """Survey files of one ingest that cannot be read, each with a message.

    Parameters
    ----------
    skip
        True to leave such files out, False to raise an error that lists all of them.

    Examples
    --------
    >>> from galsearch.core.errors import SourceError
    >>> bad_files = BadFiles(skip=True)
    >>> with bad_files.reading("a.fits"):
    ...     raise SourceError("a.fits: no such file.")
    >>> bad_files.messages
    ('a.fits: no such file.',)
    """

    def __init__(self, *, skip: bool) -> None:
        self._skip = skip
        self._messages: dict[str, str] = {}
        self._n_refused = 0

    @property
    def messages(self) -> tuple[str, ...]:
        """The message of each bad file, in the order in which they were read."""
        return tuple(dict.fromkeys(self._messages.values()))

    @contextmanager
    def reading(self, url: str) -> Iterator[None]:
        """Note the file as bad, and go on, where reading it inside the `with` block fails.

        A missing package, a file that changed during the ingest, and a store that refuses ten files
        in succession or cannot be reached for them end the ingest at once.
        """
        try:
            yield
            self._n_refused = 0
        except (MissingExtraError, IngestError):
            raise
        except GalsearchError as error:
            self._n_refused = self._n_refused + 1 if isinstance(error, StoreError) else 0
            if self._n_refused == _MAX_REFUSED:
                raise
            text = str(error)
            self._messages.setdefault(url, text if url in text else f"{url}: {text}")

    def check(self) -> None:
        """Check that no file is bad, unless bad files are left out.

        Raises
        ------
        BadFilesError
            Where files are bad; the message lists all of them.
        """
        if self._skip or not self._messages:
            return
        messages = self.messages
        if len(messages) == 1:
            raise BadFilesError(messages[0], messages=messages)
        listed = "\n".join(messages)
        raise BadFilesError(
            f"{len(messages)} survey files cannot be read. Nothing was written.\n{listed}",
            messages=messages,
        )
