"""The tables of the real pairs show what the results file holds."""

from benchmarks.real_pairs.real_pairs_report import table


def test_every_part_has_its_rows() -> None:
    rank = {"n": 11, "r1": [0.3, 0.1], "r5": [0.6, 0.1], "r10": [0.9, 0.1], "median": [3.0, 1.2]}
    redshift = {"class": "GALAXY", "z": [0.05, 0.2], "n": 9, "nmad": 0.0021,
                "over .05": 0.0, "over .005": 0.2}  # fmt: skip
    sample = {"ranks": {"image": rank}, "redshifts": {"image among images": [redshift]}}
    text = table(
        {
            "pairs": {"DESI": sample, "DESI, photometry alone": {"ranks": {"spectrum": rank}}},
            "repeats and redshifts": {
                "n": 50,
                "repeats": {"n": 15, "a repeat is first": 0.8, "all repeats are first": 0.6},
                "redshifts": [redshift],
            },
            "fibre fluxes": {"n": 2419, "p5": 1.1, "p16": 1.2, "p50": 1.3, "p84": 1.4, "p95": 1.5},
        }
    )
    assert "| DESI | image | 11 | 0.30 ± 0.10 | 0.60 ± 0.10 | 0.90 ± 0.10 | 3 ± 1 |" in text
    assert "| DESI, photometry alone | spectrum | 11 |" in text
    assert "| DESI: image among images | GALAXY | 0.050 to 0.200 | 9 | 0.0021 | 0% | 20% |" in text
    assert "15 of 50 spectra have another visit" in text
    assert "2,419 extended DESI targets: median 1.3" in text
