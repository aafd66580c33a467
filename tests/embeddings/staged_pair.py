"""Encoders that prepare their inputs and name a GPU as their device, without torch."""

import threading


class StagedEncoder:
    """An encoder whose inputs are prepared by threads and whose vectors are fetched later."""

    batch_size = 2
    device_name = "cuda (NVIDIA H100 80GB HBM3)"

    def __init__(self, encoder):
        self.encoder = encoder
        self.fingerprint, self.dim, self.precision = encoder.fingerprint, encoder.dim, "fp32"
        self.threads = set()
        self.n_started = self.n_fetched = self.most_in_flight = 0

    def embed(self, *pixels):
        return self.encoder.embed(*pixels)

    def prepare(self, *pixels):
        self.threads.add(threading.get_ident())
        return pixels

    def start(self, inputs):
        assert threading.current_thread() is threading.main_thread()
        self.n_started += 1
        self.most_in_flight = max(self.most_in_flight, self.n_started - self.n_fetched)

        def fetch():
            self.n_fetched += 1
            return self.encoder.embed(*inputs)

        return fetch


class StagedPair:
    """A pair of such encoders that give the vectors of another pair."""

    def __init__(self, pair):
        self.name, self.fingerprint = pair.name, pair.fingerprint
        self.image, self.spectrum = StagedEncoder(pair.image), StagedEncoder(pair.spectrum)
