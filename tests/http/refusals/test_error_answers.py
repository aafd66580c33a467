"""Every error of the library has a status and a remedy in words of HTTP."""

import json

import pytest

from galsearch.core import errors
from galsearch.core.errors import (
    GalsearchError,
    ManifestError,
    QueryError,
    RoundedVectorsError,
    StoreError,
    UnknownTargetError,
)
from galsearch.http.refusals.error_answers import (
    OPERATOR,
    REMEDIES,
    as_refusal,
    refusal_response,
    status_of,
)

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, GalsearchError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_has_a_remedy_without_words_of_python_or_the_command_line(
    kind: type[GalsearchError],
) -> None:
    refusal = as_refusal(kind("something in /secret/path."))
    assert refusal.remedy
    assert "--" not in refusal.remedy
    assert "galsearch." not in refusal.remedy
    if refusal.status_code == 500:
        assert (refusal.remedy, "secret" in refusal.message) == (OPERATOR, False)
    else:
        assert refusal.message == "something in /secret/path."


def test_every_remedy_is_used() -> None:
    codes = {kind.code for kind in KINDS if status_of(kind("x")) != 500}
    assert codes == set(REMEDIES)


def test_statuses_tell_faults_of_the_request_from_those_of_the_service() -> None:
    assert status_of(UnknownTargetError("x")) == 404
    assert status_of(QueryError("x")) == status_of(RoundedVectorsError("x")) == 400
    assert status_of(ManifestError("x")) == status_of(StoreError("x")) == 500


def test_the_answer_has_the_four_parts() -> None:
    response = refusal_response(as_refusal(UnknownTargetError("TARGETID 5 is unknown.")), "ab")
    assert json.loads(bytes(response.body)) == {
        "code": "unknown-target",
        "message": "TARGETID 5 is unknown.",
        "remedy": "Send a target_id of this index, or name another index with index.",
        "request_id": "ab",
    }
    assert response.headers["cache-control"] == "no-store"
