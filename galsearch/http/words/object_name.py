"""The position of a galaxy that a request names."""

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import SourceError, UnknownNameError
from galsearch.http.state.service_settings import ServiceSettings
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
