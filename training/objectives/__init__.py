"""Training objectives: self-distillation of images, masked modelling of spectra, and contrastive
alignment of both.
"""
