"""Rich and lazy learning in recurrent networks: connectivity, training, kernels, measures, statistics."""
