"""DESI files: coadded spectra and redrock redshifts."""
