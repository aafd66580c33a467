"""The parts of a service that its routes share."""

from starlette.requests import Request

from galsearch.http import create_app
from galsearch.http.state.service_settings import ServiceSettings
from galsearch.http.state.service_state import state_of


def test_a_request_finds_the_state_of_its_service(toy_settings: ServiceSettings) -> None:
    app = create_app(toy_settings)
    state = state_of(Request({"type": "http", "app": app}))
    assert state is app.state.service
    assert state.limits == toy_settings.limits
