"""A batch is embedded in two steps, whether or not the encoder prepares its inputs."""

import numpy as np

from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset
from galsearch.embeddings.embed_run.embed_batch import prepare_batch, start_batch
from galsearch.embeddings.embed_task import tasks_of
from tests.embeddings.staged_pair import StagedPair


def batch_and_tasks(dataset_dir, pair, tmp_path):
    source = open_dataset(dataset_dir)
    batches = [batch for partition in source.partitions for batch in partition.batches(8)]
    return batches, tasks_of(source, tmp_path, pair)


def test_both_kinds_of_encoders_give_the_same_vectors(dataset_dir, pair, tmp_path):
    staged = StagedPair(pair)
    batches, tasks = batch_and_tasks(dataset_dir, pair, tmp_path)
    _, staged_tasks = batch_and_tasks(dataset_dir, staged, tmp_path)
    for batch in batches:
        for task, other in zip(tasks, staged_tasks, strict=True):
            vectors, quality = start_batch(prepare_batch(task, batch))()
            found, bits = start_batch(prepare_batch(other, batch))()
            np.testing.assert_array_equal(vectors, found)
            assert (quality, bits) == (None, None)


def test_a_batch_without_the_modality_gives_no_vectors(dataset_dir, pair, tmp_path):
    batches, tasks = batch_and_tasks(dataset_dir, StagedPair(pair), tmp_path)
    task = next(task for task in tasks if task.modality is Modality.IMAGE)
    batch = next(batch for batch in batches if not batch.has_image.all())
    empty = batch.take(np.flatnonzero(~batch.has_image))
    vectors, _ = start_batch(prepare_batch(task, empty))()
    assert vectors.shape == (0, task.dim)
