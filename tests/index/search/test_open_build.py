"""Opening an index on a device: the same neighbours on GPUs as on the CPU, and refused devices.

Two GPUs are replaced by clones on the CPU, so the tests show that the right vectors are passed on,
and nothing about a GPU.
"""

import copy
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import ConfigError, GalsearchError, IndexChangedError, NoGpuError
from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.index import add, build_index, open_build, remove, verify
from galsearch.index.ivf import gpu_lists
from galsearch.index.ivf.faiss_api import faiss, n_gpus
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.search import device
from galsearch.index.storage.generations import LOCK_NAME
from galsearch.query import open_index
from tests.damaged_files import assert_only_galsearch_errors, damaged


@pytest.fixture
def two_simulated_gpus(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Two devices that are clones on the CPU."""
    monkeypatch.setattr(gpu_lists, "n_gpus", lambda: 2)
    monkeypatch.setattr(device, "n_gpus", lambda: 2)
    monkeypatch.setattr(gpu_lists, "copy_to_gpu", lambda index, *_: faiss.clone_index(index))
    return monkeypatch


@pytest.mark.usefixtures("two_simulated_gpus")
def test_an_index_on_gpus_has_the_neighbours_of_the_cpu_with_and_without_filter(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    recipe = IndexRecipe(family="ivfsq", n_lists=4, n_probe=4, n_tuning_queries=20)
    embeddings = make_sky(1500).write(tmp_path)
    build_index(recipe, embeddings=embeddings, out=tmp_path / "build")
    on_cpu, on_gpus = (open_build(tmp_path / "build", device=where) for where in ("cpu", "gpu"))
    assert on_cpu.modality(Modality.IMAGE).on_gpu is None
    assert on_gpus.modality(Modality.IMAGE).on_gpu is not None
    queries = on_cpu.stored(Modality.IMAGE).take(np.arange(20))
    allowed = on_cpu.stored(Modality.IMAGE).ids[::2]
    row_filters = [index.row_filter(allowed, Modality.IMAGE) for index in (on_cpu, on_gpus)]
    for first, second in ((None, None), row_filters):
        results = [
            index.search(queries, among=Modality.IMAGE, k=5, row_filter=row_filter)
            for index, row_filter in ((on_cpu, first), (on_gpus, second))
        ]
        own, other = results
        np.testing.assert_array_equal(own.target_ids, other.target_ids)
        np.testing.assert_array_equal(own.similarity, other.similarity)


def test_an_unknown_or_missing_device_is_refused(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        open_build(tmp_path, device="tpu")  # type: ignore[arg-type]
    assert str(caught.value) == "device = 'tpu' is none of auto, cpu, gpu."
    build_index(IndexRecipe(), embeddings=make_sky(50).write(tmp_path), out=tmp_path / "build")
    open_build(tmp_path / "build", device="auto").modality(Modality.IMAGE)
    if not n_gpus():
        with pytest.raises(NoGpuError) as caught:
            open_build(tmp_path / "build", device="gpu")
        assert str(caught.value) == "device = 'gpu', and FAISS sees no GPU."


def test_an_engine_answers_as_before_after_its_index_was_replaced_and_the_directory_left(
    toy_copy: Path, toy_sky: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = open_index(toy_copy).query(toy_sky.ids[0], k=5, where="z < 0.5")
    monkeypatch.chdir(toy_copy.parent)
    engine = open_index(toy_copy.name)
    shutil.rmtree(toy_copy)
    monkeypatch.chdir("/")
    found = engine.query(toy_sky.ids[0], k=5, where="z < 0.5")
    assert found.target_ids.tolist() == expected.target_ids.tolist()
    assert (found.z < 0.5).all()
    assert len(engine.query(toy_sky.ids[0], among="spectrum", k=5)) == 5


def test_a_name_with_brackets_is_no_pattern(toy_copy: Path, toy_sky: Any) -> None:
    strange = Path(shutil.copytree(toy_copy, toy_copy.with_name("toy[1]")))
    shutil.copytree(toy_copy, toy_copy.with_name("toy1"))
    (toy_copy.with_name("toy1") / "catalogue.parquet").write_bytes(b"of another index")
    assert (open_index(strange).query(toy_sky.ids[0], k=5, where="z < 0.5").z < 0.5).all()


def test_an_engine_is_pickled_as_its_path_and_refuses_another_build(
    toy_copy: Path, toy_sky: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(toy_copy.parent)
    engine = open_index(toy_copy.name)
    pickled = pickle.dumps(engine)
    monkeypatch.chdir("/")
    answers = [e.query(toy_sky.ids[0], k=5) for e in (engine, pickle.loads(pickled))]  # noqa: S301
    assert answers[0].target_ids.tolist() == answers[1].target_ids.tolist()
    assert copy.deepcopy(engine) is engine
    remove([int(toy_sky.ids[3])], index=toy_copy)
    with pytest.raises(IndexChangedError) as caught:
        pickle.loads(pickled)  # noqa: S301
    manifest = engine.manifest
    assert str(caught.value) == (
        f"{toy_copy}: the index was changed or replaced after the engine was pickled; it is now "
        f"generation 2 of 'toy', built {manifest.created}."
    )


_IN_FORKED_CHILDREN = """
import os, sys
import galsearch
index, target_id = sys.argv[1], int(sys.argv[2])
engine = galsearch.open_index(index)
ids = engine.index.ids
steps = {
    "many": lambda: len(engine.query_many(ids, k=3)),
    "new engine": lambda: len(galsearch.open_index(index).query_many(ids, k=3)),
    "cached filter": lambda: len(engine.query(target_id, k=3, where="z < 0.5")),
    "other filter": lambda: len(engine.query(target_id, k=3, where="z < 0.4")),
}
steps["many"](), steps["cached filter"]()
for name, step in steps.items():
    sys.stdout.flush()
    child = os.fork()
    if not child:
        try:
            print(name, step())
        except galsearch.GalsearchError as error:
            print(name, str(error).replace(str(os.getpid()), "PID"))
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no os.fork")
def test_forked_processes_answer_or_refuse_and_never_wait_for_ever(
    toy_index: Path, toy_sky: Any
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _IN_FORKED_CHILDREN, str(toy_index), str(toy_sky.ids[0])],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "OMP_NUM_THREADS": "4"},
    )
    assert done.stdout.splitlines() == [
        "many 600",
        "new engine 600",
        "cached filter 3",
        "other filter 3",
    ], done.stderr


def _answers(build: Path, target_ids: Any) -> Any:
    """Neighbours of galaxies in every direction, searched in lists, exactly and with a filter."""
    engine = open_index(build)
    found = []
    for using, among in DIRECTIONS:
        for options in ({}, {"exact": True}, {"where": "z < 0.5"}):
            batch = engine.query_many(target_ids, using=using, among=among, k=4, **options)
            found.append((batch.target_ids.tolist(), batch.similarity.tolist(), batch.z.tolist()))
    return repr(found)


def test_whatever_file_is_damaged_an_index_answers_as_before_or_with_a_sentence(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    """Verifying, opening and asking, while one file at a time is damaged or another one's copy."""
    sky, build = make_sky(140), tmp_path / "build"
    recipe = IndexRecipe(family="ivfsq", store="int8", flat_below=50, n_tuning_queries=5)
    parts = [type(sky)(*(getattr(sky, key)[i::2] for key in vars(sky))) for i in range(2)]
    first, second = (part.write(tmp_path / str(i)) for i, part in enumerate(parts))
    build_index(recipe, embeddings=first, out=build)
    add(second, index=build)
    remove(sky.ids[[5, 6]], index=build)
    contents = {
        path.relative_to(build).as_posix(): path.read_bytes()
        for path in sorted(build.rglob("*"))
        if path.is_file() and path.name != LOCK_NAME
    }
    expected = _answers(build, sky.ids[:2])

    def replace(name: str, content: bytes) -> None:
        # A file that is mapped into memory must not be written.
        (tmp_path / "new").write_bytes(content)
        (tmp_path / "new").replace(build / name)

    def read(named: bytes) -> None:
        name, _, content = named.partition(b":")
        if content == contents[name.decode()]:
            return
        replace(name.decode(), content)
        try:
            with suppress(GalsearchError):
                verify(build)
            assert _answers(build, sky.ids[:2]) == expected
        finally:
            replace(name.decode(), contents[name.decode()])

    def damage(named: bytes, generator: np.random.Generator) -> bytes:
        name, _, content = named.partition(b":")
        others = list(contents.values())
        if generator.random() < 0.1:
            return name + b":" + others[generator.integers(len(others))]
        return name + b":" + damaged(content, generator)

    originals = [name.encode() + b":" + content for name, content in contents.items()]
    assert len(originals) > 20
    assert_only_galsearch_errors(read, originals, copies=len(originals), damage=damage, cost=10)
    verify(build)
