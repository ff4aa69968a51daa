"""Networks: weights, response and gradients."""
