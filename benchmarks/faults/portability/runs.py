"""Commands that are run in one environment, and what they leave and answer.

python -m benchmarks.faults.portability.runs ROOT
"""

import argparse
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.faults.processes.forked_commands import (
    answer_of,
    import_everything,
    start_forked,
)
from benchmarks.faults.subjects.directory_state import leftovers, state_of
from benchmarks.faults.subjects.small_survey import embedded_ids
from benchmarks.faults.trials.undisturbed import Place, answers_of_index

_N_THREADS = 32
_FORMATS = ("jsonl", "csv", "parquet", "fits", "ecsv", "votable")
_LOCK = "growing.lock"


def main() -> int:
    """Run every command in this environment, and print what was found as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path, help="directory with the inputs")
    parser.add_argument("--reads-only", action="store_true", help="run no command that writes")
    parser.add_argument("--commands", nargs="*", help="commands that write; default: all")
    arguments = parser.parse_args()
    place = Place(arguments.root)
    import_everything(training=False)
    found = reads(place)
    if not arguments.reads_only:
        found |= writes(place, arguments.commands) | locks(place)
    print(json.dumps(found))
    return 0


def writes(place: Place, names: list[str] | None) -> dict[str, Any]:
    """The status, the files and the answers of every command that writes, by name."""
    found: dict[str, Any] = {}
    for command in place.commands.values():
        if command.stage is not None or (names and command.name not in names):
            continue
        place.work.mkdir(exist_ok=True)
        command.prepare(place.work)
        ending = place.run(command)
        is_index = (place.out / "manifest.json").is_file()
        found[command.name] = {
            "status": ending.status,
            "text": "" if not ending.status else ending.text[-500:],
            "files": state_of(place.work),
            "left over": leftovers(place.work),
            "answers": place.index_answers() if is_index else None,
        }
    return found


def reads(place: Place) -> dict[str, Any]:
    """Answers of queries in all formats, 32 threads, verify, inspect, cite and a service."""
    index, log = place.inputs / "changed", _log(place)
    galaxy = str(embedded_ids()[30])
    query = ["query", "--target-id", galaxy, "--index", str(index), "-k", "5"]
    found: dict[str, Any] = {
        "answers": answer_of(lambda: answers_of_index(index), log),
        "32 threads of one process": answer_of(lambda: _threads_agree(index), log),
    }
    commands = {f"query {name}": [*query, "--format", name] for name in _FORMATS}
    commands |= {
        "verify": ["verify", str(index)],
        "inspect --provenance": ["inspect", str(index), "--provenance"],
        "cite": ["cite", str(index)],
        "verify dataset": ["verify", str(place.inputs / "dataset")],
        "verify embeddings": ["verify", str(place.inputs / "embedded")],
    }
    for name, words in commands.items():
        done = subprocess.run(
            [sys.executable, "-m", "galsearch", *words], capture_output=True, check=False
        )
        error = done.stderr.decode(errors="replace")[-500:] if done.returncode else ""
        found[name] = {"status": done.returncode, "text": error, "bytes": len(done.stdout)}
    found["service"] = _served_answer(index, galaxy)
    return found


def locks(place: Place) -> dict[str, Any]:
    """The result of a second writer at a lock, and of a writer after one that was killed."""
    command = place.commands["add"]
    command.prepare(place.work)
    start = place.root / "lock.txt"
    holder = start_forked(lambda: _hold(place.out / _LOCK, start), place.root / "holder.txt")
    while not start.is_file():
        time.sleep(0.01)
    refused = place.run(command)
    os.kill(holder, signal.SIGKILL)
    os.waitpid(holder, 0)
    start.unlink()
    after = place.run(command)
    return {
        "second writer": {
            "status": refused.status,
            "told": "another process is changing this directory" in refused.text,
        },
        "after a killed writer": {
            "status": after.status,
            "text": after.text[-300:] if after.status else "",
        },
    }


def _hold(lock: Path, start: Path) -> int:
    from galsearch.files.atomic import write_text
    from galsearch.files.lock import exclusive_lock

    with exclusive_lock(lock):
        write_text(start, "held\n")
        time.sleep(60)
    return 0


def _threads_agree(index: Path) -> bool:
    """True where 32 threads on one engine give what one thread gives, several times."""
    from galsearch import open_index

    engine = open_index(index)
    ids = [int(each) for each in embedded_ids()[7:250:8]]

    def ask(target_id: int) -> list[Any]:
        found = engine.query(target_id, using="image", among="spectrum", k=5)
        return [found.target_ids.tolist(), found.similarity.tolist()]

    alone = [ask(target_id) for target_id in ids]
    with ThreadPoolExecutor(_N_THREADS) as pool:
        together = list(pool.map(ask, ids * 4))
    return together == alone * 4


def _served_answer(index: Path, galaxy: str) -> Any:
    """TARGETIDs that `galsearch serve` answers; a text where it does not."""
    words = [sys.executable, "-m", "galsearch", "serve", "--index", str(index), "--port", "0"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        return _ask(server, galaxy)
    finally:
        server.terminate()
        server.wait(30)


def _ask(server: "subprocess.Popen[str]", galaxy: str) -> Any:
    assert server.stdout is not None  # noqa: S101 (it is a pipe)
    said = []
    for line in server.stdout:
        said.append(line)
        if "http://" not in line:
            continue
        address = line.split("http://")[1].split()[0].rstrip("/.,")
        body = json.dumps({"target_id": galaxy, "k": 5})
        connection = http.client.HTTPConnection(address, timeout=60)
        try:
            connection.request("POST", "/v1/query", body, {"Content-Type": "application/json"})
            return len(json.loads(connection.getresponse().read())["neighbours"])
        except (OSError, KeyError, ValueError) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            connection.close()
    return "".join(said)[-500:]


def _log(place: Place) -> Path:
    """A log file that can be written wherever the inputs are."""
    folder = Path(os.environ.get("PORTABILITY_LOGS", place.root))
    return folder / "answer.txt"


if __name__ == "__main__":
    raise SystemExit(main())
