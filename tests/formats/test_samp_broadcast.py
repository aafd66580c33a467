"""A table that is sent over SAMP is received by another client of the hub."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import pyarrow as pa
import pytest
from astropy.table import Table
from pyvo.samp import SAMPHubServer, SAMPIntegratedClient, conf

from galsearch.core.errors import MissingExtraError, SampError
from galsearch.formats.samp_broadcast import LOAD_TABLE, send_over_samp

ROWS = pa.table({"target_id": [39627848784286003, 2**63 - 1], "z": [0.25, None]})


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SAMPHubServer]:
    lockfile = tmp_path / "samp.lock"
    monkeypatch.setenv("SAMP_HUB", f"std-lockurl:{lockfile.as_uri()}")
    with conf.set_temp("use_internet", False):
        server = SAMPHubServer(
            web_profile=False, lockfile=str(lockfile), addr="127.0.0.1", timeout=60
        )
        server.start()
        yield server
        server.stop()


class Receiver:
    """A program that loads the tables that it is sent, or refuses them."""

    def __init__(self, hub: SAMPHubServer, *, refuses: bool = False) -> None:
        self.tables: list[Table] = []
        self.messages: list[dict[str, Any]] = []
        self._refuses = refuses
        self.client = SAMPIntegratedClient(name="a test", addr="127.0.0.1")
        self.client.connect(hub=hub)
        self.client.bind_receive_call(LOAD_TABLE, self._load)

    def _load(
        self, _key: str, _sender: str, message_id: str, _mtype: str, params: dict, _extra: dict
    ) -> None:
        if self._refuses:
            self.client.ereply(message_id, "samp.error", error={"samp.errortxt": "no room"})
            return
        self.messages.append(params)
        path = url2pathname(urlparse(params["url"]).path)
        self.tables.append(Table.read(path, format="votable"))
        self.client.ereply(message_id, "samp.ok", result={})


def test_every_client_that_takes_tables_receives_it(hub: SAMPHubServer) -> None:
    receiver = Receiver(hub)
    try:
        assert send_over_samp(ROWS.schema, [ROWS], name="like 5") == ["a test"]
    finally:
        receiver.client.disconnect()
    (table,) = receiver.tables
    assert table["target_id"].tolist() == [39627848784286003, 2**63 - 1]
    assert table["z"].tolist() == [0.25, None]
    assert receiver.messages[0]["name"] == "like 5"
    assert not Path(url2pathname(urlparse(receiver.messages[0]["url"]).path)).exists()


def test_a_client_that_cannot_load_it_is_named(hub: SAMPHubServer) -> None:
    receiver = Receiver(hub, refuses=True)
    try:
        with pytest.raises(SampError) as caught:
            send_over_samp(ROWS.schema, [ROWS], name="like 5")
    finally:
        receiver.client.disconnect()
    assert str(caught.value) == "1 of 1 programs did not load the table: a test: no room."


def test_a_hub_without_such_programs_is_an_error(hub: SAMPHubServer) -> None:
    with pytest.raises(SampError) as caught:
        send_over_samp(ROWS.schema, [ROWS], name="like 5")
    assert str(caught.value) == (
        "a SAMP hub is running, but none of its 1 programs takes VOTables."
    )


def test_without_a_hub_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMP_HUB", f"std-lockurl:{(tmp_path / 'none').as_uri()}")
    with pytest.raises(SampError) as caught:
        send_over_samp(ROWS.schema, [ROWS], name="like 5")
    assert str(caught.value) == "no SAMP hub is running on this machine."


def test_without_pyvo_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError) as caught:
        send_over_samp(ROWS.schema, [ROWS], name="like 5")
    assert str(caught.value) == "pyvo is not installed: pip install 'galsearch[samp]'."
