"""Every measured figure has a place in the tables."""

from benchmarks.analysis.analysis_tables import table

NUMBER = {
    "k": 16,
    "n_tested": 1234,
    "r2": 0.9,
    "coverage_68": 0.68,
    "coverage_95": 0.955,
    "median_width_68": 0.0123,
    "pit_largest_deviation": 0.02,
    "pit": [0.1] * 10,
    "outside_bank": 0.01,
}
CLASS = {
    "k": 32,
    "n_tested": 1234,
    "accuracy": 0.6,
    "mean_probability": 0.61,
    "calibration_error": 0.02,
    "set_coverage": 0.95,
    "mean_set_size": 2.2,
}
ONE = {"auc": 0.99, "share_of_exchanged_in_first_percent": 0.2}
EXCHANGE = {"n_exchanged": 50, "n_galaxies": 1000, "cosine": ONE, "csls": ONE}
SAMPLE = {
    "true": [0.1, 0.2],
    "neighbours": [0.1, 0.9],
    "templates": [0.1, 0.2],
    "low_68": [0.0, 0.8],
    "high_68": [0.2, 1.0],
    "low_95": [0.0, 0.1],
    "high_95": [0.2, 1.0],
}
AREA = {
    "group": "SDSS",
    "redshift": "neighbours",
    "tolerance": 0.05,
    "n": 2,
    "n_wrong": 1,
    "auc": {"bank_p": 0.875, "agreement_p": None},
}


def test_all_tables() -> None:
    text = table(
        {
            "estimates": {"z": {"image to image": NUMBER}, "kind": {"image to image": CLASS}},
            "exchanges": {"different": EXCHANGE, "same": EXCHANGE},
            "real": {"auc": [AREA], "samples": {"SDSS galaxies": SAMPLE}},
        }
    )
    for row in (
        "| `z` | image to image | 16 | 1,234 | 0.900 | 68.0% | 95.5% | 0.0123 | 0.020 | 1.0% |",
        "| `kind` | image to image | 32 | 1,234 | 0.600 | 0.610 | 0.020 | 95.0% | 2.20 |",
        "| different redshift | cosine | 50 of 1,000 | 0.990 | 20% |",
        "| SDSS | neighbours | 0.05 (1 + z) | 1 of 2 | bank_p | 0.88 |",
        "| SDSS | neighbours | 0.05 (1 + z) | 1 of 2 | agreement_p | - |",
        "| SDSS galaxies | 0.100 to 0.200 | 2 | 50%, 50% | 0%, 0% | 50%, 100% |",
    ):
        assert row in text.splitlines()
