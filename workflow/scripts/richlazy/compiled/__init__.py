"""The passes of backpropagation as compiled code, for the CPU: the same formulas, and silent units cost nothing."""
