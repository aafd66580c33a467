"""A process that makes chunks: `python -m galsearch.simulate.survey.worker OUT SEED HEMISPHERE`.

It reads one JSON array [number, pixel, n] a line and answers each with its number when the chunk
is written. A process of its own, rather than a fork: Bagpipes prints, threads multiply (the
caller sets OMP_NUM_THREADS=1, on which the last bits of a matrix product depend), and a forked
child of a process that has used torch may hang.
"""

import json
import os
import sys
from pathlib import Path

from galsearch.core.errors import GalsearchError
from galsearch.simulate.survey.chunk import make_chunk
from galsearch.simulate.survey.footprint import Chunk


def main() -> None:
    """Serve until the input ends. What libraries print goes to stderr, not among the answers."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    out, seed, hemisphere = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    for line in sys.stdin:
        chunk = Chunk(*json.loads(line))
        try:
            make_chunk(out, seed, chunk, hemisphere)
        except GalsearchError as error:
            answer: object = {"code": error.code, "message": str(error)}
        else:
            answer = chunk.number
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
