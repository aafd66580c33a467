"""Properties of galaxies from their neighbours among labelled galaxies, or from templates."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from galsearch.analysis.bank.index_input import IndexInput
from galsearch.analysis.bank.label_sources import LabelSource, galaxies_and_bank
from galsearch.analysis.bank.labelled_bank import LabelledBank
from galsearch.analysis.bank.query_galaxies import GalaxySelection, own_galaxy, select_galaxies
from galsearch.analysis.bank.simulated_bank import SIMULATED, is_simulated, simulated_note
from galsearch.analysis.calibration.property_estimator import Columns, PropertyEstimator
from galsearch.analysis.estimation import (
    N_HELD_OUT,
    Estimation,
    Method,
)
from galsearch.analysis.result_table import result_table
from galsearch.analysis.template_odds import template_estimates
from galsearch.core.arrays import TargetIds
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress, no_progress, stage_progress
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.query.inputs.argument_checks import TargetIdInput
from galsearch.query.inputs.own_data.own_embedding import DEFAULT_ENCODER, EncoderInput
from galsearch.query.inputs.own_data.own_image import ImageInput
from galsearch.query.inputs.own_data.own_spectrum import SpectrumInput


@dataclass(frozen=True, eq=False)
class Estimates:
    """Estimated properties of some galaxies, as columns.

    A property `z` that is a number has the columns `z` (the weighted median of the neighbours),
    `z_low_68` and `z_high_68`, `z_low_95` and `z_high_95` (calibrated intervals), `z_agreement` (1
    where all neighbours have one value, 0 where they differ as the whole bank does), and
    `z_agreement_p` (the share of the bank's galaxies whose neighbours differ at least as much).

    A property `morphology` with classes has the columns `morphology` (the most probable class),
    `morphology_set_95` (the classes that hold the true one with a probability of 0.95, separated
    by `|`), `morphology_probability_<class>` for each class, `morphology_agreement` and
    `morphology_agreement_p`.

    Both have `<property>_bank_p`, the share of the bank's galaxies that are at least as far from
    the others as the galaxy is from the bank; `<property>_outside_bank`, which is True where this
    share is at most 0.01; `<property>_reliability`, the smaller of `<property>_bank_p` and
    `<property>_agreement_p`, which is small where the estimate is not to be trusted; and
    `<property>_unreliable`, which is True where it is at most 0.036.

    Where the labels are those of the shipped bank of simulated galaxies, the column
    `<property>_bank` says `simulated`, and a note says how the bank was made.

    The method `templates` gives `z`, the intervals, `z_probability` (that of the redshifts within
    0.01 (1 + z) of `z`), and `z_second` with `z_second_probability`, the same of the next best
    redshift.
    """

    target_ids: TargetIds
    """(n,) the galaxies."""
    columns: Columns
    """(n,) arrays by name."""
    notes: tuple[str, ...]
    """Sentences about the bank and the calibration of each property, and what was left out."""

    def __len__(self) -> int:
        return len(self.target_ids)

    def to_arrow(self) -> pa.Table:
        """An Arrow table with `target_id` and all columns."""
        return result_table(self.target_ids, self.columns)


def estimate(
    target_ids: TargetIdInput | None = None,
    *,
    property: str | Sequence[str],  # noqa: A002 (the word of the command line)
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
    progress: Progress | None = None,
) -> Estimates:
    """Properties of galaxies, estimated from their neighbours among labelled galaxies.

    The value is the weighted median of the neighbours' labels (or the most probable class).
    Galaxies of the bank, drawn at random, are compared with all others of the bank, as a query
    galaxy is; their labels show how far true values lie from such medians, which gives intervals of
    the stated probability (conformal prediction). This holds for galaxies like those of the bank.
    `<property>_outside_bank` marks others, and `<property>_unreliable` marks estimates whose
    neighbours are unusually far or differ unusually much: they are less to be trusted. Nothing is
    stored.

    A galaxy is never its own neighbour, nor is one of the bank within one arcsecond of it.

    Parameters
    ----------
    target_ids
        TARGETIDs of the galaxies; by default all of the index, of `from_embeddings` or of
        `dataset`.
    property
        Names of columns of the bank's catalogue, as a list, or separated by commas. Columns of
        numbers are estimated as numbers, those of texts and of True and False as classes.
    image, spectrum
        An image or a spectrum of one's own, as `Query` takes it: a file, arrays or an object.
        Its row has TARGETID 0 where none is known.
    method
        `neighbours`, or `templates`: the redshift odds of the spectrum encoder's template bank,
        for `spectrum` or the spectra of `dataset`. The odds need no bank and are not calibrated.
    index
        Index that holds the galaxies, or its directory; by default the only one in `index_builds`.
    bank
        Index whose catalogue holds the labels; by default `index`. `simulated` is the shipped bank
        of simulated galaxies, which has the properties `z`, `stellar_mass`, `age`, `metallicity`,
        `ssfr` and `morphology`. It is also used for those of them that `index` has no labels of,
        where no bank and no condition is given. Own data and embeddings then need no index.
    using
        Modality of the galaxies' vectors; by default image, or that of one's own data.
    among
        Modality of the neighbours.
    k
        Number of neighbours, or of all other galaxies of the bank where those are fewer, which a
        note says; by default the one of 8, 16, 32 and 64 with the smallest error for a fifth of
        the held-out galaxies, which then do not calibrate.
    where
        Condition on the catalogue of `index` that the galaxies fulfil.
    bank_where
        Condition on the catalogue of the bank that labelled galaxies fulfil, such as `zwarn == 0`.
        For the shipped bank, the names of properties mean the same as in `property`.
    as_classes
        Properties in columns of whole numbers that are classes.
    from_embeddings
        Directory of embeddings that hold the galaxies, where the index does not.
    dataset
        Directory that `ingest` wrote, with the spectra for the method `templates`.
    encoder
        Encoder of the user's own data, or with the templates: a name, a file of weights, or a pair
        of encoders.
    n_held_out
        Largest number of galaxies of the bank that are held out, in turn, to calibrate.
    seed
        Seed of their random choice.
    progress
        Called with stage, done and total.

    Raises
    ------
    QueryError
        Where a property is no column of numbers or classes, too few galaxies have labels, or a
        condition is malformed.
    EncoderMismatchError
        Where the bank, the embeddings or the user's own data are of another encoder than the index.
    UnknownTargetError, MissingModalityError
        Where a galaxy or its vector is not there.
    ConfigError
        Where the encoder has no templates.

    Examples
    --------
    `estimate(39627848784286003, property="z", index="index_builds/mine").columns["z"]`
    """
    estimation = Estimation(
        target_ids,
        property,
        image=image,
        spectrum=spectrum,
        method=method,
        index=index,
        bank=bank,
        using=using,
        among=among,
        k=k,
        where=where,
        bank_where=bank_where,
        as_classes=as_classes,
        from_embeddings=from_embeddings,
        dataset=dataset,
        encoder=encoder,
        n_held_out=n_held_out,
        seed=seed,
    )
    parts = list(iterate_estimates(estimation, progress=progress))
    columns = {
        name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns
    }
    return Estimates(np.concatenate([part.target_ids for part in parts]), columns, parts[0].notes)


def iterate_estimates(
    estimation: Estimation,
    *,
    progress: Progress | None = None,
    estimators: Sequence[PropertyEstimator] | None = None,
) -> Iterator[Estimates]:
    """The estimates that are requested, some thousand galaxies at a time, in bounded memory.

    Everything is checked, and the bank is calibrated, before this function returns. There is at
    least one batch.

    Parameters
    ----------
    estimation
        The request.
    progress
        Called with stage, done and total.
    estimators
        What `calibrated_estimators` made for a request with the same bank, properties, modalities
        and `k`; by default they are made now.

    Raises
    ------
    QueryError, EncoderMismatchError, UnknownTargetError, MissingModalityError, ConfigError
        Where the request does not fit the index, the bank or the dataset; see `estimate`.
    """
    progress = progress or no_progress
    if estimation.method is Method.TEMPLATES:
        found = template_estimates(estimation, progress)
        return (Estimates(ids, columns, notes) for ids, columns, notes in found)
    index, bank = galaxies_and_bank(
        estimation.index, estimation.bank, estimation.property, needs_index=estimation.needs_index
    )
    if estimation.own is not None:
        selection = own_galaxy(index, estimation.own, estimation.using)
    else:
        selection = select_galaxies(
            index,
            estimation.using,
            target_ids=estimation.target_ids,
            where=estimation.where,
            from_embeddings=estimation.from_embeddings,
        )
    if estimators is None:
        estimators = calibrated_estimators(bank, estimation, progress)
    return _estimated(selection, estimators, progress)


def calibrated_estimators(
    bank: GalaxyIndex, estimation: Estimation, progress: Progress = no_progress
) -> list[PropertyEstimator]:
    """The estimator of each property; properties of the same galaxies share a bank.

    They do not depend on the galaxies of the request, and serve any number of such requests.

    Raises
    ------
    QueryError, MissingModalityError
        Where a property is no column of numbers or classes, too few galaxies have labels, or a
        condition is malformed.
    EncoderMismatchError
        Where only the shipped bank has labels of a property, and is of another encoder.
    """
    source = LabelSource(bank, estimation.bank_where, is_named=estimation.bank is not None)
    labels = [
        source.labels(name, as_classes=name in estimation.as_classes)
        for name in estimation.property
    ]
    among, using = estimation.among, estimation.using
    banks: list[LabelledBank] = []
    estimators = []
    for index, some in labels:
        same = [
            one
            for one in banks
            if one.index is index and np.array_equal(one.target_ids, some.target_ids)
        ]
        if not same:
            same = [LabelledBank(index, some.target_ids, among, f"property {some.name!r}")]
            banks += same
        report = stage_progress(progress, f"calibrating {some.name}")
        estimators.append(
            PropertyEstimator(
                same[0],
                some,
                using,
                k=estimation.k,
                n_held_out=estimation.n_held_out,
                seed=estimation.seed,
                report=report,
            )
        )
    return estimators


def _estimated(
    selection: GalaxySelection, estimators: Sequence[PropertyEstimator], progress: Progress
) -> Iterator[Estimates]:
    notes = selection.notes + tuple(str(estimator.facts) for estimator in estimators)
    simulated = [one.facts.property for one in estimators if is_simulated(one.bank.index)]
    if simulated:
        notes += (simulated_note(simulated),)
    if selection.n_without_vector:
        notes += (f"{selection.n_without_vector:,} galaxies without a vector are left out",)
    largest_k: dict[LabelledBank, int] = {}
    for estimator in estimators:
        largest_k[estimator.bank] = max(largest_k.get(estimator.bank, 0), estimator.k)
    n_done = 0
    for galaxies in selection.batches:
        columns: Columns = {}
        for bank, k in largest_k.items():
            found = bank.neighbours(galaxies, estimators[0].using, k)
            for estimator in estimators:
                if estimator.bank is bank:
                    columns |= estimator.columns(found.nearest(estimator.k))
        for name in simulated:
            columns[f"{name}_bank"] = np.full(len(galaxies), SIMULATED, object)
        n_done += len(galaxies)
        progress("estimating", n_done, len(selection))
        yield Estimates(galaxies.target_ids, columns, notes)
