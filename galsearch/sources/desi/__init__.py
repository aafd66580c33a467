"""Reading and writing of DESI files: coadded spectra and redrock redshifts."""
