"""A process that another one started ends when that one is gone, also where it was killed."""

import multiprocessing
import os
import signal
import threading


def end_with_parent(*, at_once: bool = False) -> None:
    """End this process when the process that started it has ended.

    A thread waits for that; a process that was not started by `multiprocessing` is left alone.

    Parameters
    ----------
    at_once
        Exit without finishing what was begun. By default SIGTERM is sent, which ends a service when
        the requests that have begun are answered.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        if at_once:
            os._exit(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="galsearch-parent-watch", daemon=True).start()
