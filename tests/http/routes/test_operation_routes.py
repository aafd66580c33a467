"""Health, readiness and measurements."""

from starlette.testclient import TestClient

from galsearch.http import create_app
from galsearch.http.state.service_settings import ServiceSettings


def test_the_service_says_that_it_lives_and_is_ready(service: TestClient) -> None:
    assert service.get("/health").json() == {"status": "alive"}
    assert service.get("/ready").json() == {"status": "ready", "indexes": ["toy"]}


def test_a_service_that_ends_is_not_ready(toy_settings: ServiceSettings) -> None:
    app = create_app(toy_settings)
    with TestClient(app) as client:
        app.state.service.ready = False
        answer = client.get("/ready")
        assert (answer.status_code, answer.json()["message"]) == (503, "the service is ending.")


def test_requests_are_counted_under_the_pattern_of_their_path(
    toy_settings: ServiceSettings, some_id: str
) -> None:
    with TestClient(create_app(toy_settings)) as client:
        client.get(f"/v1/galaxies/{some_id}")
        client.get("/v1/galaxies/5")
        client.get("/nothing/here")
        text = client.get("/metrics").text
    for route, status in (("/v1/galaxies/{target_id}", 200), ("/v1/galaxies/{target_id}", 404)):
        line = f'galsearch_request_seconds_count{{route="{route}",status="{status}"}} 1.0'
        assert line in text
    assert 'route="other",status="404"' in text
    assert some_id not in text
