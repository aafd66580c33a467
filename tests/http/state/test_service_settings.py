"""Settings travel to the processes of the service as text."""

from pathlib import Path

from galsearch.http.state.service_settings import Limits, ServiceSettings


def test_settings_come_back_from_their_text() -> None:
    settings = ServiceSettings(
        {"a": Path("x/a"), "b": Path("x/b")},
        datasets={"b": Path("y")},
        token="secret",  # noqa: S106 (of a test)
        names=Path("names.csv"),
        sesame=True,
        limits=Limits(rows=5, request_seconds=1.5),
    )
    assert ServiceSettings.from_json(settings.to_json()) == settings
