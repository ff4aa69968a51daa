"""What can be followed of a network during training, beside its loss: names, units and meanings."""

# Of the tangent kernel of all weights (Liu et al. 2024).
OF_KERNEL = {
    "kernel_alignment": "cosine of the tangent kernel with that before training (Figure 14A, C)",
    "kernel_task_alignment": "y'K y / (|y|^2 Tr K) (Figure 14B)",
    "centred_kernel_alignment": "centred alignment of kernel and targets (Baratin et al. 2021; Figure 14D)",
    "kernel_effective_rank": "Tr K / lambda_1 (Figure 15)",
}

# Of the change of the weights since the start; singular values as in Figure 3(d, e) of Schuessler et al. 2020.
OF_CHANGE = {
    "weight_change_norm": "Frobenius norm of the change of all weights since the start",
    "leading_singular_value_change": "largest singular value of the change of the recurrent weights since the start",
    "second_singular_value_change": "second singular value of the change of the recurrent weights since the start",
}

QUANTITIES: dict[str, str] = OF_KERNEL | OF_CHANGE

# What is followed where an experiment does not say.
USUAL = (*OF_KERNEL, "weight_change_norm")

# Of a quantity what the expansion in learning time says of it (module linear_expansion), where it does.
PREDICTED = "_predicted"
