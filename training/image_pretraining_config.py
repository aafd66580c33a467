"""Settings of the pre-training of image backbones, and the values that change during a run."""

from dataclasses import dataclass
from typing import Literal

from galsearch.core.errors import ConfigError
from training.engine.schedules import warm_up_cosine
from training.objectives.dino_views import ViewConfig


@dataclass(frozen=True)
class ImagePretrainingConfig(ViewConfig):
    """Settings of the pre-training on images; a TOML file holds the differences from these
    defaults.
    """

    psf_columns: tuple[str, ...] = ()
    """Columns of the catalogue with the width (sigma, pixels) of each galaxy's point spread
    function in g, r, z. Without these columns every image counts as taken in the survey's median
    seeing."""
    student_temperature: float = 0.1
    """Temperature of the student's softmax."""
    teacher_temperature: float = 0.07
    """Temperature of the teacher's softmax after its warm-up."""
    first_teacher_temperature: float = 0.04
    """Temperature of the teacher's softmax at the first step."""
    teacher_warm_up_share: float = 0.15
    """Length of the warm-up of the teacher's temperature, as a fraction of all steps."""
    teacher_momentum: float = 0.992
    """Momentum, at the first step, of the moving average that makes the teacher from the student;
    it rises to 1 along a cosine.
    """
    ibot_weight: float = 1.0
    """Weight of the loss on hidden patches (iBOT)."""
    koleo_weight: float = 0.1
    """Weight of the KoLeo regulariser."""
    final_weight_decay: float = 0.05
    """Weight decay at the last step, reached from `weight_decay` along half a cosine."""
    last_layer_share: float = 0.005
    """Fraction of all steps, at the beginning, in which the prototypes (the last layer of the
    projection head) are not trained.
    """
    rate_decay: float = 0.9
    """Factor on the learning rate from each transformer block to the block before it."""
    drop_path: float = 0.0
    """Probability that the student skips a residual branch."""
    probe_label: str = "z"
    """Catalogue column whose R2, predicted by nearest neighbours in the embedding, decides which
    encoder is the best; empty: the last encoder counts as the best.
    """
    missing_labels: Literal["refuse", "skip"] = "refuse"
    """Action where a galaxy lacks the label `probe_label`: stop with an error, or leave the galaxy
    out.
    """
    probe_galaxies: int = 4000
    """Number of training galaxies among which the neighbours of validation galaxies are searched
    when the R2 is measured; a quarter as many validation galaxies are used.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        section = self.model.image if self.model else None
        if section is not None and not section.class_token:
            raise ConfigError(
                "self-distillation needs class_token = true: it compares class tokens."
            )


def scheduled_values(
    step: int, n_steps: int, config: ImagePretrainingConfig
) -> tuple[float, float, float]:
    """The teacher's momentum, the teacher's temperature and the weight decay at a step of an image
    pre-training of `n_steps` steps.
    """
    momentum = warm_up_cosine(step, peak=config.teacher_momentum, final=1.0, n_steps=n_steps)
    temperature = warm_up_cosine(
        step,
        peak=config.teacher_temperature,
        final=config.teacher_temperature,
        n_steps=n_steps,
        n_warm_up=round(config.teacher_warm_up_share * n_steps),
        start=config.first_teacher_temperature,
        peak_ends_warm_up=True,
    )
    decay = warm_up_cosine(
        step, peak=config.weight_decay, final=config.final_weight_decay, n_steps=n_steps
    )
    return momentum, temperature, decay
