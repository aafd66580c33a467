"""A validated request for estimates: the same object is built by the command line and Python."""

import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from galsearch.analysis.bank.index_input import IndexInput
from galsearch.core.arrays import TargetIds
from galsearch.core.errors import QueryError
from galsearch.core.modality import Modality
from galsearch.core.target_id import parse_target_ids
from galsearch.query import Query
from galsearch.query.inputs.argument_checks import TargetIdInput, checked_count
from galsearch.query.inputs.own_data.own_embedding import DEFAULT_ENCODER, EncoderInput
from galsearch.query.inputs.own_data.own_image import ImageInput
from galsearch.query.inputs.own_data.own_spectrum import SpectrumInput

N_HELD_OUT = 5000
"""Default number of galaxies of the bank that calibrate estimates."""


class Method(StrEnum):
    """Methods of estimation."""

    NEIGHBOURS = "neighbours"
    """From the labels of the nearest galaxies of a bank."""
    TEMPLATES = "templates"
    """From the redshift odds of the spectrum encoder's template bank; only for redshifts."""


@dataclass(frozen=True, eq=False, init=False)
class Estimation:
    """Galaxies, the properties that are wanted of them, and the bank; see `estimate`.

    Raises
    ------
    QueryError, InvalidTargetIdError
        Where a value is none that `estimate` takes, or two of them contradict each other.
    """

    target_ids: TargetIds | None
    own: Query | None
    """The user's own image or spectrum; None where the galaxies are stored ones."""
    property: tuple[str, ...]
    method: Method
    index: IndexInput
    bank: IndexInput
    using: Modality
    among: Modality
    k: int | None
    where: str | None
    bank_where: str | None
    as_classes: tuple[str, ...]
    from_embeddings: Path | None
    dataset: Path | None
    encoder: EncoderInput
    n_held_out: int
    seed: int

    def __init__(
        self,
        target_ids: TargetIdInput | None,
        property: str | Sequence[str],  # noqa: A002 (the word of the command line)
        *,
        image: ImageInput | None = None,
        spectrum: SpectrumInput | None = None,
        method: Method | str = Method.NEIGHBOURS,
        index: IndexInput = None,
        bank: IndexInput = None,
        using: Modality | str | None = None,
        among: Modality | str = Modality.IMAGE,
        k: int | None = None,
        where: str | None = None,
        bank_where: str | None = None,
        as_classes: str | Sequence[str] | None = None,
        from_embeddings: str | Path | None = None,
        dataset: str | Path | None = None,
        encoder: EncoderInput = DEFAULT_ENCODER,
        n_held_out: int = N_HELD_OUT,
        seed: int = 0,
    ) -> None:
        if using is None:
            using = Modality.SPECTRUM if image is None and spectrum is not None else Modality.IMAGE
        using = one_modality(using, "using")
        own = None
        if image is not None or spectrum is not None:
            own = Query(target_ids, image=image, spectrum=spectrum, encoder=encoder, using=using)
        values = {
            "own": own,
            "target_ids": None if target_ids is None else parse_target_ids(target_ids),
            "property": _names(property, "property"),
            "method": _method(method),
            "index": index,
            "bank": bank,
            "using": using,
            "among": one_modality(among, "among"),
            "k": None if k is None else checked_count(k, "k"),
            "where": where,
            "bank_where": bank_where,
            "as_classes": _names(as_classes or (), "as_classes"),
            "from_embeddings": None if from_embeddings is None else Path(from_embeddings),
            "dataset": None if dataset is None else Path(dataset),
            "encoder": encoder,
            "n_held_out": checked_count(n_held_out, "n_held_out"),
            "seed": seed,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        if not self.property:
            raise QueryError("property names no column.")
        unused = [name for name in self.as_classes if name not in self.property]
        if unused:
            raise QueryError(f"as_classes names {unused[0]!r}, which is not a wanted property.")
        if self.method is Method.TEMPLATES:
            self._check_templates()
        elif self.dataset is not None:
            raise QueryError("dataset is read by the method 'templates' alone.")
        if own is not None:
            self._check_unused("where", "from_embeddings", beside="an image or a spectrum")

    @builtins.property
    def needs_index(self) -> bool:
        """True where the galaxies are those of an index: neither own data nor of embeddings."""
        return self.own is None and self.from_embeddings is None

    def _check_templates(self) -> None:
        if self.property != ("z",):
            raise QueryError(
                f"property is {','.join(self.property)!r}; templates estimate the redshift 'z' "
                "alone."
            )
        if self.own is not None and self.own.spectrum is None:
            raise QueryError("the method 'templates' reads spectra; an image is given.")
        if (self.dataset is None) == (self.own is None):
            found = "neither is" if self.own is None else "both are"
            raise QueryError(
                f"the method 'templates' reads a spectrum or a dataset; {found} given."
            )
        unused = ("index", "bank", "where", "bank_where", "k", "from_embeddings")
        self._check_unused(*unused, beside="the method 'templates'")

    def _check_unused(self, *names: str, beside: str) -> None:
        for name in names:
            if getattr(self, name) is not None:
                raise QueryError(f"{name} is not used beside {beside}.")


def one_modality(value: Modality | str, parameter: str) -> Modality:
    """The modality of a name; `QueryError` where it is not one of the two."""
    try:
        return Modality(value)
    except ValueError:
        raise QueryError(f"{parameter} is {value!r}; expected 'image' or 'spectrum'.") from None


def _names(value: str | Sequence[str], parameter: str) -> tuple[str, ...]:
    """Names in a text with commas or in a sequence, each once."""
    if isinstance(value, str):
        value = [name.strip() for name in value.split(",")]
    if not all(isinstance(name, str) for name in value):
        raise QueryError(f"{parameter} is {value!r}; expected names of columns.")
    return tuple(dict.fromkeys(name for name in value if name))


def _method(value: Method | str) -> Method:
    try:
        return Method(value)
    except ValueError:
        raise QueryError(f"method is {value!r}; expected 'neighbours' or 'templates'.") from None
