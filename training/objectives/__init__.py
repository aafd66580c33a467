"""Training objectives: self-distillation, masked modelling and contrastive alignment."""
