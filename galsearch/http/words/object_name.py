"""The galaxy, or the position of an object, that a request names."""

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import QueryError, SourceError, UnknownNameError
from galsearch.core.target_id import TargetId
from galsearch.http.state.service_settings import ServiceSettings
from galsearch.http.words.query_request import InputFields
from galsearch.query import SearchEngine
from galsearch.query.inputs.sky.object_names import designated_position, resolve_name


def position_of_name(name: str, settings: ServiceSettings) -> Float64Array:
    """(1, 2) right ascension and declination in degrees of the object with a name.

    A position in the designation is read, then the table of the operator, and Sesame where the
    operator allows it.

    Raises
    ------
    UnknownNameError
        Where none of these knows the name.
    """
    found = designated_position(name)
    if found is not None:
        return found
    if settings.names is not None:
        try:
            return resolve_name(name, settings.names)
        except UnknownNameError:
            if not settings.sesame:
                message = f"{name!r} is not among the names that the service knows."
                raise UnknownNameError(message, name=name) from None
        except SourceError:
            raise RuntimeError("the table of names of the service cannot be read") from None
    if settings.sesame:
        return resolve_name(name)
    raise UnknownNameError(
        f"{name!r} holds no position, and this service looks up no other names.", name=name
    )


def named_galaxy(engine: SearchEngine, fields: InputFields, settings: ServiceSettings) -> TargetId:
    """TARGETID of the one galaxy that a request names by a TARGETID, a position or a name.

    Parameters
    ----------
    engine
        Index in which the galaxy nearest to a position is looked for.
    fields
        A request that has the field `position`.
    settings
        How names are looked up.

    Raises
    ------
    QueryError
        Where there is none of these, or several.
    NoMatchError, UnknownNameError
        Where no galaxy is near, or the name is not known.
    """
    place = getattr(fields, "position", None)
    if sum(one is not None for one in (fields.target_id, place, fields.name)) != 1:
        raise QueryError("an estimate is of one galaxy: a target_id, a position or a name.")
    if fields.target_id is not None:
        return TargetId(fields.target_id)
    if fields.name is not None:
        place = position_of_name(fields.name, settings)
    found = engine.query(position=place, radius=fields.radius, k=1, using=fields.using)
    assert found.query_target_id is not None  # noqa: S101 (a position finds a galaxy)
    return found.query_target_id
