"""The neural networks: image and spectrum transformers, pooling and projection heads."""
