"""A random dataset is one that galsearch reads."""

from pathlib import Path

from benchmarks.gpu.random_dataset import write_random_dataset
from galsearch.dataset import open_dataset


def test_the_dataset_holds_every_galaxy_once(tmp_path: Path) -> None:
    dataset = open_dataset(write_random_dataset(tmp_path / "out", 40, galaxies_per_partition=10))
    assert len(dataset) == len(set(dataset.target_ids.tolist())) == 40
    for partition in dataset.partitions:
        partition.check()
        batch = next(partition.batches(2))
        assert batch.has_image.all()
        assert batch.has_spectrum.all()
        assert not batch.image_mask.any()
