"""Tables for programs such as TOPCAT and Aladin, sent over SAMP on this machine.

SAMP (Simple Application Messaging Protocol) passes messages between programs through a hub, which
TOPCAT and Aladin bring with them.
"""

import importlib.util
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from galsearch.core.errors import MissingExtraError, SampError
from galsearch.core.version import VERSION
from galsearch.files.atomic import new_binary_file
from galsearch.formats.votable_writer import write_votable

LOAD_TABLE = "table.load.votable"
"""The message by which a program is asked to load a VOTable."""
TIMEOUT_S = 60
"""Seconds in which a program has to load a table."""


def send_over_samp(schema: pa.Schema, chunks: Iterable[pa.Table], *, name: str) -> list[str]:
    """Send a table to every program that takes VOTables, and return the names of these programs.

    The function returns when each has loaded the table.

    Parameters
    ----------
    schema
        Schema of the rows; see `galsearch.formats.columns.column_descriptions`.
    chunks
        The rows, in tables of this schema.
    name
        Name under which programs show the table.

    Raises
    ------
    MissingExtraError
        Where PyVO is not installed.
    SampError
        Where no hub is running, none of its programs takes VOTables, or one could not load the
        table.
    """
    if importlib.util.find_spec("pyvo") is None:
        raise MissingExtraError("pyvo is not installed: pip install 'galsearch[samp]'.")
    with _connected() as client, tempfile.TemporaryDirectory() as folder:
        receivers = _receivers(client)
        path = Path(folder) / "galsearch.vot"
        with new_binary_file(path) as sink:
            write_votable(schema, chunks, sink)
        message = {"url": path.as_uri(), "table-id": path.as_uri(), "name": name}
        failures = {
            receiver: failure
            for receiver in receivers
            if (failure := _failure(client, receiver, message)) is not None
        }
        if failures:
            told = "; ".join(f"{receivers[one]}: {failure}" for one, failure in failures.items())
            raise SampError(
                f"{len(failures)} of {len(receivers)} programs did not load the table: {told}."
            )
        return list(receivers.values())


@contextmanager
def _connected() -> Iterator[Any]:
    """A client of the hub of this machine."""
    from pyvo.samp import SAMPHubError, SAMPIntegratedClient, conf

    client = SAMPIntegratedClient(
        name="galsearch",
        description="similarity search for galaxies",
        metadata={"galsearch.version": VERSION},
        addr="127.0.0.1",
        callable=True,
    )
    with conf.set_temp("use_internet", False):
        try:
            client.connect()
        except (SAMPHubError, OSError):
            raise SampError("no SAMP hub is running on this machine.") from None
        try:
            yield client
        finally:
            client.disconnect()


def _receivers(client: Any) -> dict[str, str]:
    """Name of each program that takes VOTables, by its identifier."""
    subscribed = client.get_subscribed_clients(LOAD_TABLE)
    if not subscribed:
        others = len(client.get_registered_clients())
        raise SampError(f"a SAMP hub is running, but none of its {others} programs takes VOTables.")
    return {one: str(client.get_metadata(one).get("samp.name", one)) for one in sorted(subscribed)}


def _failure(client: Any, receiver: str, message: dict[str, str]) -> str | None:
    """The reason that a program reports for not loading the table; None where it loaded it."""
    from pyvo.samp import SAMPClientError, SAMPHubError, SAMPProxyError

    try:
        answer = client.ecall_and_wait(receiver, LOAD_TABLE, str(TIMEOUT_S), **message)
    except (SAMPClientError, SAMPHubError, SAMPProxyError, OSError) as error:
        return str(error).strip() or type(error).__name__
    if answer.get("samp.status") == "samp.error":
        return str(answer.get("samp.error", {}).get("samp.errortxt", "it reports an error"))
    return None
